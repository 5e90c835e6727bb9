import { resolve } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import type { LaunchFlags } from "./flags.ts";

/** How the ServerApps of submitted apps are run. */
export interface LaunchConfig {
  /** The Python whose flwr runs Python apps; undefined: the one on PATH. */
  readonly python?: string;
  /** Whether Python apps may install packages. */
  readonly installDependencies: boolean;
  /** Folders that TypeScript apps may read beside their own; absolute. */
  readonly allowRead: readonly string[];
  /** How many run at the same time. */
  readonly concurrent: number;
}

/** Reads how submitted apps are to be run. @throws FlwrError "not-found" naming a folder that is not there */
export async function readLaunchConfig(
  { python, allowRuntimeDependencyInstallation, allowRead, concurrentRuns }: LaunchFlags,
): Promise<LaunchConfig> {
  return {
    ...(python === undefined ? {} : { python: resolve(python) }),
    installDependencies: allowRuntimeDependencyInstallation,
    allowRead: await Promise.all((allowRead ?? []).map(readableFolder)),
    concurrent: concurrentRuns,
  };
}

async function readableFolder(folder: string): Promise<string> {
  // The real path: permissions are checked against it.
  const path = await Deno.realPath(folder).catch((cause) => {
    throw new FlwrError("not-found", `Folder "${folder}" of --allow-read is not there`, { cause });
  });
  return path;
}
