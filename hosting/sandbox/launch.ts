import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagesFolder } from "../../ml/session/native_library.ts";
import { WITHOUT_TELEMETRY } from "../../ml/session/telemetry.ts";

/** The command that starts a process. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The hidden command of the executable that runs an app's process. */
export const SANDBOX_COMMAND = "sandbox";

/**
 * Environment variables that are passed to an app's process: Deno and ONNX Runtime find their files and the GPU by them.
 * The app's own thread may not read any.
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

/** The program's own files: the project, or a build of it. A build does not contain its packages. */
const PROJECT = new URL("../../", import.meta.url);

/**
 * Returns the command that starts an app's process.
 *
 * @param readable absolute paths that the app may read
 * @param environment returns a variable of this process' environment
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
    // Otherwise Deno checks for a newer version of itself on the network.
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
    // Permissions do not cover packages: if an app imported one, Deno would request it from the registry, or install it
    // from its cache and add it to the lock file.
    "--cached-only",
    "--frozen",
    `--config=${join(project, "deno.json")}`,
    // The process itself starts threads from these files and loads ONNX Runtime. The app's thread may not read them.
    `--allow-read=${[...readable, project, ...packages].map(asListed).join()}`,
    "--allow-ffi",
    fileURLToPath(new URL("./process/main.ts", import.meta.url)),
  ];
  // Deno's Cache API, which any thread may use, stores its files under TMPDIR. A file as TMPDIR makes that fail.
  return { file: Deno.execPath(), args, env: { ...env, TMPDIR: Deno.execPath() } };
}

/** A path as an element of a list on Deno's command line. */
function asListed(path: string): string {
  return path.replaceAll(",", ",,");
}

/** Bounds for the default memory limit of a sandboxed app, which is half of the machine's memory. */
const MIN_MEMORY_BYTES = 1024 ** 3;
const MAX_MEMORY_BYTES = 16 * 1024 ** 3;

/**
 * The default memory limit of an app's process in bytes, its models and data sets included.
 *
 * @param total the machine's memory in bytes
 */
export function defaultMemoryBytes(total: number): number {
  return Math.min(MAX_MEMORY_BYTES, Math.max(MIN_MEMORY_BYTES, total / 2));
}
