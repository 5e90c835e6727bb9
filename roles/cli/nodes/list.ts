import { Command } from "commander";
import { callSuperLink } from "../config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import type { Output } from "../../output/format.ts";
import { nodeColumns, nodeJson } from "../tables/nodes.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { tableLines } from "../../output/table.ts";

const EXAMPLE = `
Examples:
  flwr supernode list
  flwr supernode ls my-superlink --verbose --format json
`;

interface ListFlags extends ControlOutputFlags {
  readonly verbose: boolean;
}

/** The `supernode list` command. */
export function listCommand(): Command {
  const command = new Command("list")
    .alias("ls")
    .description("List a SuperLink's SuperNodes.")
    .option(
      "-v, --verbose",
      "also list unregistered SuperNodes; --format json always includes them",
      false,
    );
  return controlCommand(command, EXAMPLE, list);
}

async function list(superlink: string | undefined, flags: ListFlags): Promise<Output> {
  const { items, now } = await callSuperLink(superlink, flags, (control) => control.listNodes());
  const nodes = items.toSorted((a, b) => (a.registeredAt ?? 0) - (b.registeredAt ?? 0));
  const screen = stdoutScreen();
  const shown = flags.verbose ? nodes : nodes.filter(({ status }) => status !== "unregistered");
  return {
    json: { nodes: nodes.map((node) => nodeJson(node, now)) },
    lines: tableLines(nodeColumns(screen, now), shown, screen),
  };
}
