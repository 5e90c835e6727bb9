import { Command } from "commander";
import type { NodeId } from "../../../app/metadata.ts";
import { askSuperLink } from "../../config/ask_superlink.ts";
import { addSuperLinkArgument, type SuperLinkFlags } from "../../config/options.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";
import { readId } from "../../output/read_id.ts";

const EXAMPLE = `
The node's key can never be registered again: make it a new one.

Example:
  flwr supernode unregister 13302305077666570668
`;

interface UnregisterFlags extends SuperLinkFlags {
  readonly format: OutputFormat;
}

/** The `supernode unregister` command. */
export function unregisterCommand(): Command {
  const command = new Command("unregister")
    .description("End a SuperNode's membership for good.")
    .argument("<node-id>", "the node's id", readId)
    .addOption(formatOption());
  return addSuperLinkArgument(command)
    .addHelpText("after", EXAMPLE)
    .action((nodeId: NodeId, superlink: string | undefined, flags: UnregisterFlags) =>
      printOutput(flags.format, () => unregister(nodeId, superlink, flags))
    );
}

async function unregister(
  nodeId: NodeId,
  superlink: string | undefined,
  flags: UnregisterFlags,
): Promise<Output> {
  await askSuperLink(superlink, flags, (control) => control.unregisterNode(nodeId));
  return {
    json: { "node-id": String(nodeId) },
    lines: [`SuperNode ${nodeId} is unregistered`],
  };
}
