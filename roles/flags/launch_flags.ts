import { type Command, Option } from "commander";
import { resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { LaunchConfig } from "../../hosting/launch/config.ts";
import { wholeNumber } from "./values.ts";

/** Flags of commands that run submitted ServerApps, as commander parses them. */
export interface LaunchFlags {
  python?: string;
  allowRuntimeDependencyInstallation: boolean;
  allowRead: readonly string[];
  concurrentRuns: number;
}

/** Value of `--python` that refuses Python apps. */
const NO_PYTHON = "none";

/** Default values of the flags. */
export const DEFAULT_LAUNCH_FLAGS: LaunchFlags = {
  allowRuntimeDependencyInstallation: false,
  allowRead: [],
  concurrentRuns: 4,
};

/** Adds the {@link LaunchFlags}. */
export function addLaunchOptions(command: Command): Command {
  return command
    .option(
      "--python <file>",
      'Python executable that runs Python ServerApps; its environment must contain flwr; "none" refuses Python apps (default: flwr-serverapp on PATH)',
    )
    .option(
      "--allow-runtime-dependency-installation",
      "let Python apps install the dependencies of their pyproject.toml from the package index",
      DEFAULT_LAUNCH_FLAGS.allowRuntimeDependencyInstallation,
    )
    .addOption(allowReadOption("submitted TypeScript ServerApps"))
    .addOption(
      new Option(
        "--concurrent-runs <n>",
        "maximum number of submitted apps that run at the same time; others wait",
      ).default(DEFAULT_LAUNCH_FLAGS.concurrentRuns).argParser(wholeNumber({ from: 1 })),
    );
}

/** Reads the {@link LaunchFlags}. @throws FlwrError "not-found" naming a folder that does not exist */
export async function readLaunchConfig(
  { python, allowRuntimeDependencyInstallation, allowRead, concurrentRuns }: LaunchFlags,
): Promise<LaunchConfig> {
  return {
    ...(python === undefined ? {} : { python: python === NO_PYTHON ? python : resolve(python) }),
    installDependencies: allowRuntimeDependencyInstallation,
    allowRead: await Promise.all((allowRead ?? []).map(readableFolder)),
    concurrent: concurrentRuns,
  };
}

/** The option `--allow-read`. @param apps who may read the folder */
export function allowReadOption(apps: string): Option {
  return new Option(
    "--allow-read <folder>",
    `folder that ${apps} may read, in addition to their own; repeatable`,
  ).default([], "none").argParser((folder: string, before: readonly string[]) => [
    ...before,
    folder,
  ]);
}

/** The real path of a folder of `--allow-read`. @throws FlwrError "not-found" for one that does not exist */
export async function readableFolder(folder: string): Promise<string> {
  // Deno compares permissions with real paths.
  const path = await Deno.realPath(folder).catch((cause) => {
    throw new FlwrError("not-found", `--allow-read: folder "${folder}" does not exist`, { cause });
  });
  return path;
}

/** Who runs ServerApps: "subprocess": the SuperLink; "process": a SuperExec. */
export const ISOLATIONS = ["subprocess", "process"] as const;
export type Isolation = typeof ISOLATIONS[number];

/**
 * Reads the secret that a SuperExec and a SuperLink share: the file's bytes, unchanged.
 *
 * @throws FlwrError "not-found", or "invalid-argument" for an empty file
 */
export async function readSuperexecSecret(file: string): Promise<Uint8Array> {
  const flag = "--superexec-auth-secret-file";
  const bytes = await Deno.readFile(file).catch((cause) => {
    throw new FlwrError("not-found", `${flag}: cannot read file "${file}"`, { cause });
  });
  if (bytes.length > 0) return bytes;
  throw new FlwrError("invalid-argument", `${flag}: file "${file}" is empty`);
}
