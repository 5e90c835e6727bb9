import type { InstalledApp } from "../../../fab/install.ts";
import { findAppModule } from "../../../hosting/app/app_module.ts";
import type { AppHost } from "../../../hosting/app/app_host.ts";
import {
  prepareSandboxedApp,
  type SandboxedAppOptions,
  startSandboxedApp,
} from "../../../hosting/sandbox/sandboxed_app.ts";
import { AppPool, perRun } from "./app_pool.ts";
import type { ReadyApp } from "./fab_apps.ts";
import type { WarmApps } from "./warm_apps.ts";

/** What the node's owner allows TypeScript apps that runs bring along. */
export interface TypeScriptAppOptions {
  readonly compute: SandboxedAppOptions["compute"];
  /** Folders beside its own that an app may read, absolute. */
  readonly allowRead: readonly string[];
  /** Files that must not lie in them. */
  readonly secrets: readonly string[];
}

/**
 * Starts the ClientApp of an installed bundle in a sandbox of its own, one for each run.
 *
 * @param live the instances that runs have, by the run's id
 * @throws FlwrError when it cannot be loaded
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
  );
  const handler = perRun(live, pool);
  return { forRun: () => handler, [Symbol.dispose]: () => pool[Symbol.dispose]() };
}
