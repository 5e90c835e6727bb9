import { join } from "node:path";

/** Where this machine's npm configuration can be asked. */
export interface NpmSurroundings {
  /** The value of an environment variable, if it is set. */
  readonly env: (name: string) => string | undefined;
  /** What npm prints for the given arguments; undefined where there is no npm or it fails. */
  readonly npm: (args: readonly string[]) => Promise<string | undefined>;
  /** The text of a file; undefined where it cannot be read. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/** npm's own default. */
export const PUBLIC_REGISTRY = "https://registry.npmjs.org";

/**
 * The registry that the user's npm configuration names, without a slash at its end: from the environment, from npm
 * itself, from ~/.npmrc, or the public one.
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
  return PUBLIC_REGISTRY;
}

function registryLine(npmrc: string | undefined): string | undefined {
  return npmrc?.match(/^\s*registry\s*=\s*["']?([^"'\s]+)/m)?.[1];
}
