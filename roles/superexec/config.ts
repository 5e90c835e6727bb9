import { ExecutorSecret } from "../../auth/executor_secret.ts";
import type { ChannelOptions } from "../../rpc/channel.ts";
import { readTrust } from "../flags/connection_options.ts";
import { readFlagAddress } from "../flags/values.ts";
import { readLaunchConfig, readSuperexecSecret } from "../flags/launch_flags.ts";
import type { LaunchConfig } from "../../hosting/launch/config.ts";
import type { SuperExecFlags } from "./flags.ts";

/** The configuration of a SuperExec, from checked flags and files. */
export interface SuperExecConfig {
  /** "host:port" of the SuperLink. */
  readonly address: string;
  readonly tls: ChannelOptions["tls"];
  /** Proves that this SuperExec may claim runs. Undefined: the SuperLink needs no secret. */
  readonly secret: ExecutorSecret | undefined;
  readonly launch: LaunchConfig;
  readonly healthAddress: string | undefined;
}

/**
 * Checks the flags and reads their files.
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
