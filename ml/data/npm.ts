import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";

/** Access to this machine's npm configuration. */
export interface NpmSurroundings {
  /** The value of an environment variable, if it is set. */
  readonly env: (name: string) => string | undefined;
  /** The output of npm with the given arguments; undefined if there is no npm or it fails. */
  readonly npm: (args: readonly string[]) => Promise<string | undefined>;
  /** The text of a file; undefined if it cannot be read. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/**
 * The registry in the user's npm configuration, without a slash at its end: from the environment, from npm itself
 * (which returns the public one if nothing is configured), or from ~/.npmrc.
 *
 * @throws FlwrError "failed-precondition" when none of them has one
 */
export async function npmRegistry(surroundings: NpmSurroundings): Promise<string> {
  const { env, npm, readText } = surroundings;
  const home = env("HOME") ?? env("USERPROFILE");
  const candidates = [
    () => env("npm_config_registry") ?? env("NPM_CONFIG_REGISTRY"),
    () => npm(["config", "get", "registry"]),
    async () => home && registryLine(await readText(join(home, ".npmrc"))),
  ];
  for (const candidate of candidates) {
    const url = (await candidate())?.trim();
    if (url && /^https?:\/\//.test(url) && URL.canParse(url)) return url.replace(/\/+$/, "");
  }
  throw new FlwrError(
    "failed-precondition",
    "Cannot find an npm registry: npm is not installed, and no configuration names one",
    {
      hints: [
        "Install Node with npm, or set NPM_CONFIG_REGISTRY",
        "Or put the data set's official files into a folder and name it with --data-dir",
      ],
    },
  );
}

function registryLine(npmrc: string | undefined): string | undefined {
  return npmrc?.match(/^\s*registry\s*=\s*["']?([^"'\s]+)/m)?.[1];
}

/**
 * Runs the installed npm.
 *
 * @returns what it printed; undefined if there is no npm, it must not be run, or it fails
 */
export async function runNpm(args: readonly string[], cwd?: string): Promise<string | undefined> {
  // On Windows npm is a batch file, which only a shell can start.
  const [command, ...first] = Deno.build.os === "windows" ? ["cmd", "/c", "npm"] : ["npm"];
  try {
    const { success, stdout } = await new Deno.Command(command!, {
      args: [...first, ...args],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return undefined;
    }
    throw error;
  }
}
