import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagesFolder } from "../../ml/session/native_library.ts";
import { WITHOUT_TELEMETRY } from "../../ml/session/telemetry.ts";

/** How a process is started. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The hidden command of the executable that is an app's process. */
export const SANDBOX_COMMAND = "sandbox";

/**
 * Environment variables that an app's process gets: where Deno and ONNX Runtime find their own files and a graphics
 * processor. The app's thread may read none.
 */
const PASSED_ON: readonly string[] = [
  "DENO_DIR",
  "HOME",
  "XDG_CACHE_HOME",
  "LOCALAPPDATA",
  "SystemRoot",
  "FLWR_CACHE",
  "LD_LIBRARY_PATH",
  "CUDA_VISIBLE_DEVICES",
];

/** The program's own files: the project, or a build of it, which lies elsewhere than its packages. */
const PROJECT = new URL("../../", import.meta.url);

/**
 * How an app's process is started.
 *
 * @param readable what the app may read
 * @param environment this process' environment
 */
export function sandboxLaunch(
  readable: readonly string[],
  environment: (name: string) => string | undefined,
): Launch {
  const passed = PASSED_ON.flatMap((name) => {
    const value = environment(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = {
    ...Object.fromEntries(passed),
    ...WITHOUT_TELEMETRY,
    // Deno looks for newer versions of itself on the network.
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  if (Deno.build.standalone) return { file: Deno.execPath(), args: [SANDBOX_COMMAND], env };
  const project = fileURLToPath(PROJECT);
  const packages = [packagesFolder() ?? []].flat();
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-remote",
    // Permissions do not limit this: a package that an app imports would be asked for at the registry, by any name, or
    // installed from Deno's cache, and noted in the lock file.
    "--cached-only",
    "--frozen",
    `--config=${join(project, "deno.json")}`,
    // The process itself starts threads from these files, and loads ONNX Runtime; the app's thread may read none.
    `--allow-read=${[...readable, project, ...packages].map(asListed).join()}`,
    "--allow-ffi",
    fileURLToPath(new URL("./process/main.ts", import.meta.url)),
  ];
  // Deno's cache of web pages, which any thread may write, would lie here: nowhere.
  return { file: Deno.execPath(), args, env: { ...env, TMPDIR: Deno.execPath() } };
}

/** A path as an element of a list on Deno's command line. */
function asListed(path: string): string {
  return path.replaceAll(",", ",,");
}

/** Most memory that a sandboxed app may take when its owner does not say: half of the machine's, within these bounds. */
const MIN_MEMORY_BYTES = 1024 ** 3;
const MAX_MEMORY_BYTES = 16 * 1024 ** 3;

/**
 * Bytes that an app's process may take, its models and data sets included.
 *
 * @param total bytes that the machine has
 */
export function defaultMemoryBytes(total: number): number {
  return Math.min(MAX_MEMORY_BYTES, Math.max(MIN_MEMORY_BYTES, total / 2));
}
