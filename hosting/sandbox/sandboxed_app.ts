import { dirname } from "node:path";
import { log } from "../../base/log.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import type { Device } from "../../ml/engine/device.ts";
import type { AppModule } from "../app/app_module.ts";
import { AppHost } from "../app/app_host.ts";
import type { StartInstance } from "../app/app_instance.ts";
import { grantedPaths, requirePlainFiles } from "./app_files.ts";
import { defaultMemoryBytes, sandboxLaunch } from "./launch.ts";
import type { LineSink } from "./output_log.ts";
import { sandboxStarter } from "./child.ts";

/** The module that runs a ClientApp in the sandbox. */
const WORKER = new URL("./process/app_worker.ts", import.meta.url);

/** The module that runs a ClientApp for simulated nodes. */
const SIMULATED_WORKER = new URL("./process/simulated_app_worker.ts", import.meta.url);

/** Options for a sandboxed ClientApp. */
export interface SandboxedAppOptions {
  readonly module: AppModule;
  /** Absolute path of the app's folder, which it may read. Default: the module's folder. */
  readonly folder?: string;
  /** Absolute paths of further folders and files that the node's owner lets the app read. */
  readonly readable: readonly string[];
  /** Files that must not be readable, such as the node's keys (default: none). */
  readonly secret?: readonly string[];
  /** Default device and threads of its models. They may only choose this device or the CPU. */
  readonly compute: ComputeSettings;
  /** Whether its nodes are simulated: `Math.random` then comes from the messages' seeds (default: false). */
  readonly simulated?: boolean;
  /** Memory limit in bytes, models and data sets included. Default: half of the machine's memory, 1 to 16 GiB. */
  readonly memoryBytes?: number;
  /** The app's name in the node's log. Default: "app". */
  readonly name?: string;
  /** Called with each line that the app prints (default: the node's log). */
  readonly output?: LineSink;
}

/**
 * Loads a ClientApp in a sandbox: a process of its own. The app's code may read its folder and the granted paths. It has
 * no network, environment, processes or native code, and cannot write files. It may import "flwr" and its own modules,
 * nothing else. Its models train in the same process.
 *
 * When the sandbox crashes, is killed or violates the protocol, the current message fails with AppCrashed, and the next
 * message starts a fresh sandbox.
 *
 * @returns the app's host, ready for messages
 * @throws FlwrError "failed-precondition" when the app cannot be loaded or the device cannot be used, "permission-denied"
 *   when its folder contains links or a granted path contains a secret file, "not-found" when a granted path does not exist
 */
export async function startSandboxedApp(options: SandboxedAppOptions): Promise<AppHost> {
  return await AppHost.start(options.module, options.compute, await sandboxOf(options));
}

/**
 * Starts a sandbox for a ClientApp. The app is loaded with the first message.
 *
 * @param trains whether its models are expected to train. If so, a trainer is started before the app is loaded, which
 *   takes some 50 MB of memory
 * @throws FlwrError as {@link startSandboxedApp}, except for errors of loading the app
 */
export async function prepareSandboxedApp(
  options: SandboxedAppOptions,
  trains = false,
): Promise<AppHost> {
  return AppHost.prepare(options.module, options.compute, await sandboxOf(options, trains));
}

async function sandboxOf(
  options: SandboxedAppOptions,
  prepareTrainer = false,
): Promise<StartInstance> {
  const { module, folder = dirname(module.file), compute, name = "app" } = options;
  await requirePlainFiles(folder);
  const readable = await grantedPaths([folder, ...options.readable], options.secret ?? []);
  const devices: Device[] = [...new Set<Device>(["cpu", compute.device ?? "cpu"])];
  const memoryBytes = options.memoryBytes ?? defaultMemoryBytes(Deno.systemMemoryInfo().total);
  return sandboxStarter({
    launch: sandboxLaunch(readable, (variable) => Deno.env.get(variable)),
    folder,
    start: {
      kind: "start",
      app: "ClientApp",
      worker: (options.simulated ? SIMULATED_WORKER : WORKER).href,
      readable,
      memoryBytes,
      devices,
      prepareTrainer,
    },
    threads: compute.threads,
    output: options.output ?? ((line) => log("clientapp").info("{name}: {line}", { name, line })),
  });
}
