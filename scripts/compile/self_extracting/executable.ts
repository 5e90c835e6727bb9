import { dirname } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { sha256Hex } from "../../../base/platform.ts";
import { VERSION } from "../../../base/version.ts";
import { BUILT_ENTRY, builtFile } from "../../build/place.ts";
import { bundleProgram, entryPoints } from "../../build/program.ts";
import { LAUNCHERS } from "../../install/launcher.ts";
import { makeArchive } from "./archive.ts";
import { licenses } from "./licenses.ts";
import { nativePackages } from "./native_packages.ts";
import { startScript } from "./start_script.ts";

/** The module that ends a first start. */
const PLACE = "scripts/compile/self_extracting/place.ts";

/** Names in the unpacked folder, which start.sh knows. */
const DENO = "deno";
const LICENSES = "LICENSES.txt";

/** Which file is made. */
export interface SelfExtracting {
  /** The project's folder, whose packages are set up. */
  readonly project: string;
  /** A Rust triple. */
  readonly target: string;
  /** Deno's program for the target. */
  readonly deno: Uint8Array;
}

/** The one file, and what is said of it. */
export interface Executable {
  readonly bytes: Uint8Array;
  /** SHA-256 of all of it, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Makes the one file that unpacks itself: a start script, and after it an archive of Deno, the built program, ONNX
 * Runtime, templates, types and licences.
 */
export async function selfExtracting(
  { project, target, deno }: SelfExtracting,
): Promise<Executable> {
  const { files, packages } = await bundleProgram(project, [...await entryPoints(project), PLACE]);
  for (const [path, content] of await nativePackages(project, target)) files.set(path, content);
  files.set(DENO, deno);
  files.set(LICENSES, new TextEncoder().encode(await licenses(project, packages)));
  const archive = await makeArchive(files, new Set([DENO]));
  const script = await startScript({
    version: VERSION,
    target,
    sha256: sha256Hex(archive),
    archiveBytes: archive.length,
    unpackedBytes: files.values().reduce((sum, { length }) => sum + length, 0),
    files: [...files.keys()].toSorted(),
    entry: BUILT_ENTRY,
    place: builtFile(PLACE),
    launchers: LAUNCHERS,
  });
  const bytes = new Uint8Array(script.length + archive.length);
  bytes.set(script);
  bytes.set(archive, script.length);
  return { bytes, sha256: sha256Hex(bytes) };
}

/**
 * Writes an executable, and beside it a file by which `sha256sum -c` checks it. A program that runs from the old file goes
 * on with it.
 *
 * @throws FlwrError "failed-precondition" when it cannot be written
 */
export async function writeExecutable(path: string, { bytes, sha256 }: Executable): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(unfinished, bytes, { mode: 0o755 });
    await Deno.rename(unfinished, path);
    const name = path.slice(dirname(path).length + 1);
    await Deno.writeTextFile(`${path}.sha256`, `${sha256}  ${name}\n`);
  } catch (cause) {
    await Deno.remove(unfinished).catch(() => {});
    throw new FlwrError("failed-precondition", `File "${path}" cannot be written`, {
      hints: ["Name another one with --output"],
      cause,
    });
  }
}
