import { ExecutorSecret } from "../../auth/executor_secret.ts";
import type { ChannelOptions } from "../../rpc/channel.ts";
import { readTrust } from "../flags/connection_options.ts";
import { readFlagAddress } from "../flags/values.ts";
import { readLaunchConfig, readSuperexecSecret } from "../flags/launch_flags.ts";
import type { LaunchConfig } from "../../hosting/launch/config.ts";
import type { SuperExecFlags } from "./flags.ts";

/** A SuperExec's flags, read and checked. */
export interface SuperExecConfig {
  /** "host:port" of the SuperLink. */
  readonly address: string;
  readonly tls: ChannelOptions["tls"];
  /** What the SuperLink wants to see of whoever takes its runs; undefined: nothing. */
  readonly secret: ExecutorSecret | undefined;
  readonly launch: LaunchConfig;
  readonly healthAddress: string | undefined;
}

/**
 * Reads what the flags say, and the files that they name.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readSuperExecConfig(flags: SuperExecFlags): Promise<SuperExecConfig> {
  const { runtimeApiAddress, superexecAuthSecretFile: secretFile, healthServerAddress } = flags;
  readFlagAddress("--runtime-api-address", runtimeApiAddress);
  if (healthServerAddress !== undefined) {
    readFlagAddress("--health-server-address", healthServerAddress, { allowZero: true });
  }
  return {
    address: runtimeApiAddress,
    tls: await readTrust(flags),
    secret: secretFile === undefined
      ? undefined
      : new ExecutorSecret(await readSuperexecSecret(secretFile)),
    launch: await readLaunchConfig(flags),
    healthAddress: healthServerAddress,
  };
}
