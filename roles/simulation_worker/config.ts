import { resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { MAX_NODES_PER_WORKER, WORKER_TOKEN } from "../../entities/node_job.ts";
import type { ChannelOptions } from "../../rpc/channel.ts";
import { readTrust, type TrustFlags } from "../flags/connection_options.ts";
import { readableFolder } from "../flags/launch_flags.ts";
import { readFlagAddress, UsageError } from "../flags/values.ts";

/** Flags of the `simulation-worker` command, as commander parses them. */
export interface SimulationWorkerFlags extends TrustFlags {
  superlink: string;
  tokenFile?: string;
  workers?: number;
  printManifest?: boolean;
  image?: string;
  pods?: number;
  allowRead?: readonly string[];
}

/** The configuration of a worker, from checked flags and files. */
export interface SimulationWorkerConfig {
  /** "host:port" of the SuperLink. */
  readonly address: string;
  readonly tls: ChannelOptions["tls"];
  /** The run's token. */
  readonly token: string;
  /** Absolute path of its file, which apps must not read. */
  readonly tokenFile: string;
  /** Number of nodes to compute at the same time. */
  readonly slots: number;
  /** Absolute paths of folders that apps may read. */
  readonly allowRead: readonly string[];
}

/** Permissions of users other than the owner. Windows reports none. */
const OTHERS = 0o077;

/**
 * Checks the flags and reads their files.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readWorkerConfig(
  flags: SimulationWorkerFlags,
): Promise<SimulationWorkerConfig> {
  const { superlink: address, tokenFile, workers, allowRead = [] } = flags;
  readFlagAddress("--superlink", address);
  if (tokenFile === undefined) {
    throw new UsageError("invalid-argument", "--token-file is missing", {
      hints: ["flwr run --engine workers --token-file FILE writes such a file"],
    });
  }
  const token = await Deno.readTextFile(tokenFile).catch((cause) => {
    throw new FlwrError("not-found", `--token-file: cannot read file "${tokenFile}"`, { cause });
  });
  await warnIfShared(tokenFile);
  if (!WORKER_TOKEN.test(token.trim())) {
    throw new FlwrError(
      "invalid-argument",
      `--token-file: "${tokenFile}" does not contain the token of a run`,
      { hints: ["flwr run --engine workers --token-file FILE writes such a file"] },
    );
  }
  return {
    address,
    tls: await readTrust(flags),
    token: token.trim(),
    tokenFile: resolve(tokenFile),
    slots: workers ?? Math.min(MAX_NODES_PER_WORKER, navigator.hardwareConcurrency),
    allowRead: await Promise.all(allowRead.map(readableFolder)),
  };
}

/** Not an error: the files of a Kubernetes Secret may belong to a group. */
async function warnIfShared(file: string): Promise<void> {
  const { mode } = await Deno.stat(file);
  if (((mode ?? 0) & OTHERS) === 0) return;
  log("worker").warn(
    'Other users of this machine can read --token-file "{file}", and answer for the run\'s nodes. Run: chmod 600 {file}',
    { event: "token-file-shared", file },
  );
}
