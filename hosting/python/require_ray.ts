import { basename, dirname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { PythonCommand } from "./find_python_command.ts";

/** Exit status of {@link PROBE} without Ray. Python's own failures have others. */
const MISSING_STATUS = 3;

/**
 * Looks for Ray as `flwr-simulation` would: not in the working directory, which Python searches for `-c` only. A folder
 * that an uninstalled Ray left behind has no origin.
 */
const PROBE = `import sys
sys.path = [path for path in sys.path if path]
from importlib.util import find_spec
spec = find_spec("ray")
sys.exit(0 if spec and spec.origin else ${MISSING_STATUS})`;

/** Bytes of a script that are searched for its interpreter. Scripts of pip name it in the first two lines. */
const HEAD_BYTES = 4096;

/**
 * Checks that Ray is installed for Flower's `flwr-simulation`, which without it ends its run with "unknown error".
 *
 * @param signal ends the check
 * @throws FlwrError "failed-precondition" if Ray is missing. If the program's Python cannot be determined or fails, the
 * check passes, because the program itself then reports what is wrong
 */
export async function requireRay(
  { program, path }: PythonCommand,
  signal: AbortSignal,
): Promise<void> {
  const python = await interpreterOf(program);
  if (python === undefined) return;
  const code = await new Deno.Command(python, {
    args: ["-c", PROBE],
    env: { PATH: path },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal,
  }).output().then((end) => end.code, () => undefined);
  if (code !== MISSING_STATUS) return;
  throw new FlwrError(
    "failed-precondition",
    `Simulating a Python app needs Ray, which is not installed for "${python}"`,
    { hints: [`Install it: ${python} -m pip install "flwr[simulation]"`] },
  );
}

/**
 * The Python that runs a script: the one in its first lines, or beside it on Windows, where scripts are programs.
 *
 * @returns undefined if it is unknown
 */
async function interpreterOf(program: string): Promise<string | undefined> {
  if (Deno.build.os === "windows") return await firstProgram(pythonsNear(program));
  // A program that may not be read can still be started.
  const [first = "", second = ""] = (await headOf(program).catch(() => "")).split("\n");
  // pip writes the second form where the path is too long for "#!", or has spaces.
  const named = /^#!\s*(\S+)\s*$/.exec(first)?.[1] ?? "";
  const long = /^'''exec'\s+"?([^"]+?)"?\s+"\$0"/.exec(second)?.[1] ?? "";
  return await firstProgram(
    [named, long].filter((file) => /^python/.test(basename(file))),
  );
}

function pythonsNear(program: string): string[] {
  const folder = dirname(program);
  return [join(folder, "python.exe"), join(folder, "..", "python.exe")];
}

async function firstProgram(candidates: readonly string[]): Promise<string | undefined> {
  for (const file of candidates) {
    const info = await Deno.stat(file).catch(() => undefined);
    if (info?.isFile) return file;
  }
  return undefined;
}

async function headOf(program: string): Promise<string> {
  using file = await Deno.open(program);
  const buffer = new Uint8Array(HEAD_BYTES);
  const length = await file.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length));
}
