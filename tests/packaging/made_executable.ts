import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { DENO_BINARIES } from "../../scripts/compile/self_extracting/deno_binary.ts";
import {
  selfExtracting,
  writeExecutable,
} from "../../scripts/compile/self_extracting/executable.ts";
import { repositoryPath } from "../support/repository.ts";

/** An executable that was made elsewhere: FLWR_EXECUTABLE=dist/flwr deno task test tests/packaging */
const GIVEN = Deno.env.get("FLWR_EXECUTABLE");

/**
 * Whether the tests have an executable: one that is given, or one that they make. For that, this Deno must be the very
 * program that goes into it, so that nothing needs to be downloaded.
 */
export const HAS_EXECUTABLE: boolean = GIVEN !== undefined ||
  DENO_BINARIES[Deno.build.target]?.sha256 === sha256(Deno.readFileSync(Deno.execPath()));

let made: Promise<string> | undefined;

/** The executable's path. All tests of a file share it. */
export function executable(): Promise<string> {
  made ??= GIVEN === undefined ? make() : Promise.resolve(resolve(GIVEN));
  return made;
}

/** Whether an executable is a script that unpacks itself, and not one that `deno compile` made. */
export async function unpacksItself(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const start = new Uint8Array(2);
  await file.read(start);
  return new TextDecoder().decode(start) === "#!";
}

async function make(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-executable-" });
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const deno = await Deno.readFile(Deno.execPath());
  const path = `${folder}/flwr`;
  const target = Deno.build.target;
  await writeExecutable(path, await selfExtracting({ project: repositoryPath(""), target, deno }));
  return path;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
