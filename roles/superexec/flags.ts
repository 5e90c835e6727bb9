import type { Command } from "commander";
import { addTrustOptions, type TrustFlags } from "../flags/connection_options.ts";
import { addLaunchOptions, type LaunchFlags } from "../flags/launch_flags.ts";

/** The `superexec` command's flags as commander parses them. */
export interface SuperExecFlags extends TrustFlags, LaunchFlags {
  runtimeApiAddress: string;
  superexecAuthSecretFile?: string;
  healthServerAddress?: string;
}

/** Gives the `superexec` command its flags. */
export function addSuperExecOptions(command: Command): Command {
  command.requiredOption(
    "--runtime-api-address <host:port>",
    "HTTP address of the SuperLink",
  );
  addTrustOptions(command).option(
    "--superexec-auth-secret-file <file>",
    "file with the secret that the SuperLink got with the same flag (default: none)",
  );
  return addLaunchOptions(command).option(
    "--health-server-address <host:port>",
    "address of a gRPC health service, without TLS (default: none)",
  );
}
