import { Command } from "commander";
import { flwrHome } from "../../../fab/home.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import { CredentialsFile } from "../config/credentials.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import type { Output } from "../../output/format.ts";

const EXAMPLE = `
Example:
  flwr logout my-superlink
`;

/** The `logout` command. */
export function command(): Command {
  const command = new Command("logout").description(
    "Forget the tokens of a SuperLink. They are not revoked: access tokens expire by themselves, API tokens are revoked with flwr token revoke.",
  );
  return controlCommand(command, EXAMPLE, logout);
}

async function logout(superlink: string | undefined, flags: ControlOutputFlags): Promise<Output> {
  const { address } = await chooseSuperLink(superlink, flags);
  const removed = await new CredentialsFile(flwrHome()).of(address).remove();
  return {
    json: { address, "was-logged-in": removed },
    lines: [removed ? `Logged out: ${address}` : `You were not logged in to ${address}`],
  };
}
