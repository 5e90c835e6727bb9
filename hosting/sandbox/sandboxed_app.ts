import { dirname } from "node:path";
import { log } from "../../base/log.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import type { Device } from "../../ml/engine/device.ts";
import type { AppModule } from "../app/app_module.ts";
import { AppHost } from "../app/app_host.ts";
import type { OpenAppLink } from "../app/app_link.ts";
import { grantedPaths, requirePlainFiles } from "./app_files.ts";
import { defaultMemoryBytes, sandboxLaunch } from "./launch.ts";
import type { TakeLine } from "./output_log.ts";
import { sandboxes } from "./child.ts";

/** What runs a ClientApp in the sandbox. */
const WORKER = new URL("./process/app_worker.ts", import.meta.url);

/** How an app that somebody else sent is started. */
export interface SandboxedAppOptions {
  readonly module: AppModule;
  /** The app's own folder, absolute; all of it may be read. Default: the one that the module lies in. */
  readonly folder?: string;
  /** Folders and files beside it that the node's owner grants the app to read: absolute paths. */
  readonly readable: readonly string[];
  /** The node's keys and other files that must not be in what is granted (default: none are looked for). */
  readonly secret?: readonly string[];
  /** What its models compute with; they may not choose another device but the processor. */
  readonly compute: ComputeSettings;
  /** Bytes of memory that it may take, its models and data sets included. Default: half of the machine's, 1 to 16 GiB. */
  readonly memoryBytes?: number;
  /** Its name in the node's log. Default: "app". */
  readonly name?: string;
  /** Gets the lines that it prints (default: the node's log). */
  readonly output?: TakeLine;
}

/**
 * Loads a ClientApp into a sandbox: a process of its own, in which its code may read its folder and what is granted, and
 * has no network, environment, processes, native code or files to write. Its models train in that process, too. It may
 * use `import { … } from "flwr"` and its own modules, nothing else.
 *
 * A sandbox that dies, is ended or breaks the rules is one AppCrashed; the next message finds a fresh one.
 *
 * @returns the app's host, ready for messages
 * @throws FlwrError "failed-precondition" when it cannot be loaded or the device cannot be used, "permission-denied" when
 *   its folder holds links or what is granted holds a secret, "not-found" when a granted path is not there
 */
export async function startSandboxedApp(options: SandboxedAppOptions): Promise<AppHost> {
  return await AppHost.start(options.module, options.compute, await sandboxOf(options));
}

/**
 * Starts a sandbox for a ClientApp, which is loaded there with its first message.
 *
 * @param trains whether its models will train: what that needs is then made ready before the app is loaded, which takes
 *   some 50 MB of memory. Nothing of any app is in it
 * @throws FlwrError as {@link startSandboxedApp}, but for what shows when it is loaded
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
): Promise<OpenAppLink> {
  const { module, folder = dirname(module.file), compute, name = "app" } = options;
  await requirePlainFiles(folder);
  const readable = await grantedPaths([folder, ...options.readable], options.secret ?? []);
  const devices: Device[] = [...new Set<Device>(["cpu", compute.device ?? "cpu"])];
  const memoryBytes = options.memoryBytes ?? defaultMemoryBytes(Deno.systemMemoryInfo().total);
  return sandboxes({
    launch: sandboxLaunch(readable, (variable) => Deno.env.get(variable)),
    folder,
    start: {
      kind: "start",
      app: "ClientApp",
      worker: WORKER.href,
      readable,
      memoryBytes,
      devices,
      prepareTrainer,
    },
    threads: compute.threads,
    output: options.output ?? ((line) => log("clientapp").info("{name}: {line}", { name, line })),
  });
}
