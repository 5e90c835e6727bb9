import type { InstalledApp } from "../../../fab/install.ts";
import type { ComputeDefaults } from "../../../ml/session/compute_defaults.ts";
import { findAppModule } from "../../app_module.ts";
import { startSandboxedApp } from "../sandbox/sandboxed_app.ts";
import type { ReadyApp } from "./fab_apps.ts";

/** What the node's owner allows TypeScript apps that runs bring along. */
export interface TypeScriptAppOptions {
  readonly compute: ComputeDefaults;
  /** Folders beside its own that an app may read, absolute. */
  readonly allowRead: readonly string[];
  /** Files that must not lie in them. */
  readonly secrets: readonly string[];
}

/**
 * Starts the ClientApp of an installed bundle in a sandbox of its own.
 *
 * @throws FlwrError when it cannot be loaded
 */
export async function startTypeScriptApp(
  { folder, config }: InstalledApp,
  { compute, allowRead, secrets }: TypeScriptAppOptions,
): Promise<ReadyApp> {
  const host = await startSandboxedApp({
    module: await findAppModule(config.clientApp!, folder),
    folder,
    readable: allowRead,
    secret: secrets,
    compute,
    name: config.fabId,
  });
  return { forRun: () => host, [Symbol.dispose]: () => host[Symbol.dispose]() };
}
