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

/** The module that completes a first start. */
const PLACE = "scripts/compile/self_extracting/place.ts";

/** File names in the unpacked folder, which start.sh uses. */
const DENO = "deno";
const LICENSES = "LICENSES.txt";

/** Options of the file to make. */
export interface SelfExtracting {
  /** The project's folder, whose packages are installed. */
  readonly project: string;
  /** A Rust triple. */
  readonly target: string;
  /** Deno's executable for the target. */
  readonly deno: Uint8Array;
}

/** The executable file and its hash. */
export interface Executable {
  readonly bytes: Uint8Array;
  /** SHA-256 of the whole file, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Makes the self-extracting file: a start script, followed by an archive of Deno, the built program, ONNX Runtime,
 * templates, types and licences.
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
 * Writes an executable, and next to it a file with which `sha256sum -c` checks it. Programs that run from an old file
 * are not affected.
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
      hints: ["Name another file with --output"],
      cause,
    });
  }
}
