import { repositoryPath } from "./repository.ts";

/**
 * Pythons to look for, best first. flwr 1.9.0 asks for numpy below 2, and numpy 1.26 has no wheels for Python 3.13
 * and later.
 */
const CANDIDATES = ["python3", "python3.12", "python3.11", "python"] as const;
/** Exits with status 0 only where the real Flower 1.9.0 can be installed. */
const PROBE =
  "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))";

/** Why tests with the real Flower do not run here, as the line that says so. */
export const NO_PYTHON = "No Python 3.11 or 3.12 with venv found: " +
  "the interoperation tests with the real Flower 1.9 do not run";

/** The command of a Python that can hold the real Flower 1.9.0, or undefined. */
export async function findPython(): Promise<string | undefined> {
  for (const command of CANDIDATES) {
    if (await succeeds(command, ["-c", PROBE])) return command;
  }
  return undefined;
}

/**
 * The environment with the real Flower 1.9.0 and numpy, made with pip the first time and kept under `.cache`.
 *
 * The folder's name contains the hash of the requirements and appears only when it is complete, so that processes
 * that make it at the same time do not disturb each other.
 *
 * @param python the command of a Python, as {@link findPython} gives it
 * @param say is told what is going on when it takes long
 * @returns the environment's Python
 */
export async function flowerEnvironment(
  python: string,
  say: (line: string) => void = () => {},
): Promise<string> {
  const requirements = repositoryPath("tests/interop/requirements.txt");
  const root = repositoryPath(".cache/interop");
  const folder = `${root}/flwr-1.9.0-${await shortHash(await Deno.readTextFile(requirements))}`;
  const executable = `${folder}/bin/python`;
  if (await succeeds(executable, ["-c", "import flwr, numpy"])) return executable;

  say("Installing the real Flower 1.9.0 with pip under .cache/interop (once)");
  await Deno.mkdir(root, { recursive: true });
  const draft = await Deno.makeTempDir({ dir: root, prefix: "draft-" });
  try {
    await run(python, ["-m", "venv", draft]);
    await run(`${draft}/bin/python`, [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"],
      ...["--requirement", requirements],
    ]);
    await Deno.rename(draft, folder).catch(async (error) => {
      // another process was faster: what it made is as good
      if (!await succeeds(executable, ["-c", "import flwr, numpy"])) throw error;
      await Deno.remove(draft, { recursive: true });
    });
  } catch (error) {
    await Deno.remove(draft, { recursive: true });
    throw error;
  }
  return executable;
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 12);
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args: [...args],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(
    `${command} ${args.join(" ")}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`,
  );
}
