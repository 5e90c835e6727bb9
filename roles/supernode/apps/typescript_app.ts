import { systemClock } from "../../../base/clock.ts";
import type { InstalledApp } from "../../../fab/install.ts";
import { findAppModule } from "../../../hosting/app/app_module.ts";
import type { AppHost } from "../../../hosting/app/app_host.ts";
import {
  prepareSandboxedApp,
  type SandboxedAppOptions,
  startSandboxedApp,
} from "../../../hosting/sandbox/sandboxed_app.ts";
import { AppPool, instancePerRun, SPARE_SECONDS } from "./app_pool.ts";
import type { ReadyApp } from "./fab_apps.ts";
import type { WarmApps } from "./warm_apps.ts";

/** Settings of the node's owner for TypeScript apps that runs supply. */
export interface TypeScriptAppOptions {
  readonly compute: SandboxedAppOptions["compute"];
  /** Absolute paths of folders that an app may read in addition to its own. */
  readonly allowRead: readonly string[];
  /** Files that must not be readable. */
  readonly secrets: readonly string[];
}

/**
 * Starts the ClientApp of an installed bundle, with a sandbox for each run.
 *
 * @param live the runs' instances, by run id
 * @throws FlwrError when the app cannot be loaded
 */
export async function startTypeScriptApp(
  { folder, config }: InstalledApp,
  { compute, allowRead, secrets }: TypeScriptAppOptions,
  live: WarmApps<AppHost>,
): Promise<ReadyApp> {
  const app: SandboxedAppOptions = {
    module: await findAppModule(config.clientApp!, folder),
    folder,
    readable: allowRead,
    secret: secrets,
    compute,
    name: config.fabId,
  };
  const pool = new AppPool(
    await startSandboxedApp(app),
    (trains) => prepareSandboxedApp(app, trains),
    systemClock,
    // It may have been started for a run that never asks this node.
    SPARE_SECONDS,
  );
  const handler = instancePerRun(live, pool);
  return { forRun: () => handler, [Symbol.dispose]: () => pool[Symbol.dispose]() };
}
