import { Command } from "commander";
import { AccountsClient } from "../../../rpc/dialects/current/client/accounts_client.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import type { Output } from "../../output/format.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { fieldLines } from "../../output/table.ts";

const EXAMPLE = `
Example:
  flwr whoami my-superlink
`;

/** The `whoami` command. */
export function command(): Command {
  const command = new Command("whoami")
    .description("Show your account at a SuperLink, and its roles.");
  return controlCommand(command, EXAMPLE, whoami);
}

async function whoami(superlink: string | undefined, flags: ControlOutputFlags): Promise<Output> {
  const account = await callSuperLink(
    superlink,
    flags,
    ({ channel }) => new AccountsClient(channel).whoAmI(),
  );
  const { id, name, roles, apiTokenId } = account;
  return {
    json: { id, name, roles, "api-token-id": apiTokenId ?? null },
    lines: fieldLines([
      ["Account", name],
      ["Subject", id],
      ["Roles", roles.join(", ") || "none"],
      ...(apiTokenId === undefined ? [] : [["API token", apiTokenId] as const]),
    ], stdoutScreen()),
  };
}
