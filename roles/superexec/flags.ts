import type { Command } from "commander";
import { addTrustOptions, type TrustFlags } from "../flags/connection_options.ts";
import { addLaunchOptions, type LaunchFlags } from "../flags/launch_flags.ts";

/** Flags of the `superexec` command, as commander parses them. */
export interface SuperExecFlags extends TrustFlags, LaunchFlags {
  runtimeApiAddress: string;
  superexecAuthSecretFile?: string;
  healthServerAddress?: string;
}

/** Adds the flags of the `superexec` command. */
export function addSuperExecOptions(command: Command): Command {
  command.requiredOption(
    "--runtime-api-address <host:port>",
    "HTTP address of the SuperLink",
  );
  addTrustOptions(command).option(
    "--superexec-auth-secret-file <file>",
    "file with the shared secret; the SuperLink needs the same one (default: none)",
  );
  return addLaunchOptions(command).option(
    "--health-server-address <host:port>",
    "address of a gRPC health service, without TLS (default: none)",
  );
}
