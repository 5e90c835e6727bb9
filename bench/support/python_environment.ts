import { FlwrError } from "../../base/error.ts";
import { findPython, flowerEnvironment } from "../../tests/support/python.ts";
import { repositoryPath } from "../../tests/support/repository.ts";

const REQUIREMENTS = [
  "tests/interop/requirements/flwr-1.9.0.txt",
  "bench/support/requirements.txt",
] as const;
/** Where the environment is made. */
const FOLDER = ".cache/bench/python";
/** Appears in the environment when it is complete, with the requirements that it was made from. */
const MARK = "complete.txt";
/** Ends well only where the peer can run. */
const PROBE = `from importlib.metadata import version
import torch
assert version("flwr") == "1.9.0" and version("torch").startswith("2.13.0")`;

/**
 * The Python of an environment with the real Flower 1.9.0 and PyTorch 2.13.0: the given one, or one that is made with
 * pip the first time.
 *
 * @param given what `--python` says
 * @throws FlwrError "failed-precondition" when the given one lacks something, or none can be made
 */
export async function benchPython(given?: string): Promise<string> {
  if (given === undefined) return await madeEnvironment();
  try {
    await run(given, ["-c", PROBE]);
  } catch (cause) {
    throw new FlwrError(
      "failed-precondition",
      `--python "${given}" has no flwr 1.9.0 with torch 2.13.0`,
      { cause, hints: ["Leave out --python, then an environment is made under .cache/bench"] },
    );
  }
  return given;
}

/**
 * The Python of an environment with the real Flower 1.41.0 and numpy, made with pip the first time: the one that the
 * interoperation tests use.
 *
 * @throws FlwrError "failed-precondition" when none can be made
 */
export async function benchFlower(): Promise<string> {
  return await flowerEnvironment(await requirePython("1.41.0"), "1.41.0", console.log);
}

async function requirePython(version: string): Promise<string> {
  const python = await findPython();
  if (python !== undefined) return python;
  throw new FlwrError("failed-precondition", "No Python 3.11 or 3.12 with venv found", {
    hints: [`The benchmarks compare with the real Flower ${version}, which needs one`],
  });
}

async function madeEnvironment(): Promise<string> {
  const folder = repositoryPath(FOLDER);
  const executable = `${folder}/bin/python`;
  const files = REQUIREMENTS.map(repositoryPath);
  const wanted = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("\n");
  const present = await Deno.readTextFile(`${folder}/${MARK}`).catch(() => undefined);
  if (present === wanted) return executable;

  const python = await requirePython("1.9.0");
  console.log(`Installing flwr 1.9.0 and torch 2.13.0 with pip under ${FOLDER} (once)`);
  await run(python, ["-m", "venv", "--clear", folder]);
  await run(executable, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"],
    ...files.flatMap((file) => ["--requirement", file]),
  ]);
  await Deno.writeTextFile(`${folder}/${MARK}`, wanted);
  return executable;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (success) return;
  throw new FlwrError(
    "failed-precondition",
    `"${command} ${args.slice(0, 3).join(" ")} …" failed: ${
      new TextDecoder().decode(stderr).trim()
    }`,
  );
}
