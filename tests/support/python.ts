import { repositoryPath } from "./repository.ts";

/** The real Flowers that the interoperation tests run, each in an environment of its own. */
export const FLOWER_VERSIONS = [
  "1.9.0",
  "1.18.0",
  "1.22.0",
  "1.26.1",
  "1.29.0",
  "1.38.0",
  "1.41.0",
  "1.42.0",
] as const;

/** One of {@link FLOWER_VERSIONS}. */
export type FlowerVersion = typeof FLOWER_VERSIONS[number];

/** Those that every test run needs; the others are for the nightly one. */
export const EVERY_DAY_VERSIONS = [
  "1.9.0",
  "1.18.0",
  "1.22.0",
  "1.38.0",
  "1.41.0",
] as const satisfies readonly FlowerVersion[];

/**
 * Pythons to look for, best first. flwr 1.9.0 asks for numpy below 2, and numpy 1.26 has no wheels for Python 3.13
 * and later; flwr 1.41.0 asks for 3.11 at least.
 */
const CANDIDATES = ["python3", "python3.12", "python3.11", "python"] as const;
/** Exits with status 0 only where every one of the real Flowers can be installed. */
const PROBE =
  "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))";

/** Why tests with the real Flower do not run here, as the line that says so. */
export const NO_PYTHON = "No Python 3.11 or 3.12 with venv found: " +
  "the interoperation tests with the real Flower do not run";

/** The command of a Python that can hold the real Flower, or undefined. */
export async function findPython(): Promise<string | undefined> {
  for (const command of CANDIDATES) {
    if (await succeeds(command, ["-c", PROBE])) return command;
  }
  return undefined;
}

/** Makes the environments of real Flowers, side by side: {@link flowerEnvironment}. */
export async function flowerEnvironments(
  python: string,
  versions: readonly FlowerVersion[],
  say: (line: string) => void = () => {},
): Promise<void> {
  await Promise.all(versions.map((version) => flowerEnvironment(python, version, say)));
}

/**
 * The environment with a real Flower and numpy.
 *
 * @param python the command of a Python, as {@link findPython} gives it
 * @param say is told what is going on when it takes long
 * @returns the environment's Python; Flower's programs lie beside it
 */
export async function flowerEnvironment(
  python: string,
  version: FlowerVersion,
  say: (line: string) => void = () => {},
): Promise<string> {
  const requirements = repositoryPath(`tests/interop/requirements/flwr-${version}.txt`);
  const name = `flwr-${version}`;
  return await pinnedEnvironment(python, { name, requirements, probe: "import flwr, numpy" }, say);
}

/** The Flower whose simulations the nightly tests run. */
export const SIMULATION_VERSION = "1.41.0" satisfies FlowerVersion;

/** The environment with {@link SIMULATION_VERSION} and Ray, otherwise as {@link flowerEnvironment}. */
export async function simulationEnvironment(
  python: string,
  say: (line: string) => void = () => {},
): Promise<string> {
  const name = `flwr-${SIMULATION_VERSION}-simulation`;
  const requirements = repositoryPath(`tests/interop/requirements/${name}.txt`);
  return await pinnedEnvironment(python, { name, requirements, probe: "import flwr, ray" }, say);
}

/** What an environment of Python holds. */
export interface PinnedPackages {
  readonly name: string;
  /** Path of a file that lists all packages with their versions. */
  readonly requirements: string;
  /** Python code that fails where they are not installed. */
  readonly probe: string;
}

/**
 * An environment with given packages, made with pip the first time and kept under `.cache`.
 *
 * The folder's name contains the hash of the requirements and appears only when it is complete, so that processes
 * that make it at the same time do not disturb each other.
 *
 * @param python the command of a Python, as {@link findPython} gives it
 * @param say is told what is going on when it takes long
 * @returns the environment's Python; the packages' programs lie beside it
 */
export async function pinnedEnvironment(
  python: string,
  { name, requirements, probe }: PinnedPackages,
  say: (line: string) => void = () => {},
): Promise<string> {
  const root = repositoryPath(".cache/interop");
  const hash = await shortHash(await Deno.readTextFile(requirements));
  const folder = `${root}/${name}-${hash}`;
  const executable = `${folder}/bin/python`;
  if (await succeeds(executable, ["-c", probe])) return executable;

  say(`Installing ${name} with pip under .cache/interop (once)`);
  await Deno.mkdir(root, { recursive: true });
  const draft = await Deno.makeTempDir({ dir: root, prefix: "draft-" });
  try {
    await run(python, ["-m", "venv", draft]);
    await run(`${draft}/bin/python`, [
      ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"],
      // The files list all that is needed. Flower 1.42 asks for a certifi of one certain day, which mirrors may lack.
      ...["--no-deps", "--requirement", requirements],
    ]);
    await moveScripts(`${draft}/bin`, draft, folder);
    await Deno.rename(draft, folder).catch(async (error) => {
      // another process was faster: what it made is as good
      if (!await succeeds(executable, ["-c", probe])) throw error;
      await Deno.remove(draft, { recursive: true });
    });
  } catch (error) {
    await Deno.remove(draft, { recursive: true });
    throw error;
  }
  return executable;
}

/** Puts another path into the scripts that pip has written: they name the Python that runs them. */
async function moveScripts(bin: string, from: string, to: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(bin)) {
    if (!isFile) continue;
    const bytes = await Deno.readFile(`${bin}/${name}`);
    const isScript = bytes[0] === 0x23 && bytes[1] === 0x21; // "#!"
    if (!isScript) continue;
    const text = new TextDecoder().decode(bytes);
    await Deno.writeTextFile(`${bin}/${name}`, text.replaceAll(from, to));
  }
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
