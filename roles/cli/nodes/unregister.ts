import { Command } from "commander";
import type { NodeId } from "../../../entities/metadata.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { controlCommand, type ControlOutputFlags } from "../config/options.ts";
import type { Output } from "../../output/format.ts";
import { readId } from "../../flags/values.ts";

const EXAMPLE = `
The key can never be registered again. To let the node join again, give it a new key.

Example:
  flwr supernode unregister 13302305077666570668
`;

/** The `supernode unregister` command. */
export function unregisterCommand(): Command {
  const command = new Command("unregister")
    .description("Remove a SuperNode. Its key is never admitted again.")
    .argument("<node-id>", "the node's id", readId);
  return controlCommand(command, EXAMPLE, unregister);
}

async function unregister(
  nodeId: NodeId,
  superlink: string | undefined,
  flags: ControlOutputFlags,
): Promise<Output> {
  await callSuperLink(superlink, flags, (control) => control.unregisterNode(nodeId));
  return {
    json: { "node-id": String(nodeId) },
    lines: [`SuperNode ${nodeId} is unregistered`],
  };
}
