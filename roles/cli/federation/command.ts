import { Command } from "commander";
import { listCommand } from "./list.ts";
import { type HostedCommand, unsupportedCommand } from "../unsupported_command.ts";

const ONE_FEDERATION = "SuperLinks without accounts have one federation, with all their nodes";

const HOSTED: readonly HostedCommand[] = [
  { name: "create", purpose: "Create a federation", hint: ONE_FEDERATION },
  { name: "archive", purpose: "Archive a federation", hint: ONE_FEDERATION },
  {
    name: "add-supernode",
    purpose: "Add a SuperNode to a federation",
    hint: "A node is in the federation as soon as it is registered: flwr supernode register",
  },
  {
    name: "remove-supernode",
    purpose: "Remove a SuperNode from a federation",
    hint: "To end a node's membership: flwr supernode unregister",
  },
  { name: "remove-account", purpose: "Remove an account from a federation" },
  { name: "invite", purpose: "Manage invitations to a federation" },
  {
    name: "simulation-config",
    purpose: "Configure simulated nodes",
    hint: "Nodes are not simulated: start as many as are needed with flwr supernode",
  },
];

/** The `federation` command. */
export function command(): Command {
  const command = new Command("federation")
    .description("Show a SuperLink's federations.")
    .addCommand(listCommand())
    .addHelpText("after", "\nExample:\n  flwr federation list\n");
  for (const hosted of HOSTED) {
    command.addCommand(unsupportedCommand(hosted, "federation "), { hidden: true });
  }
  return command;
}
