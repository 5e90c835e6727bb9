import { FlwrError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import type { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Grid, WaitOptions } from "../grid.ts";
import { Message } from "../message.ts";
import { MessageTypes } from "../message_type.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { sampleNodes } from "./selection/sampling.ts";

/**
 * Asks one random node for initial arrays, as Flower does if the ServerApp has none. If that node has none either, it
 * asks the next one.
 *
 * @throws FlwrError "failed-precondition" when no node has arrays, with the last node's reason
 */
export async function requestInitialArrays(
  grid: Grid,
  random: Random,
  options: WaitOptions,
): Promise<{ arrays: ArrayRecord; nodeId: NodeId }> {
  const online = await grid.waitForNodes(1, { signal: options.signal });
  const asked = new Set<NodeId>();
  let reason = "";
  while (asked.size < online.length) {
    const [nodeId] = sampleNodes(online.filter((id) => !asked.has(id)), 1, random) as [NodeId];
    asked.add(nodeId);
    grid.report({ type: "initial-arrays-requested", nodeId });
    const instruction = Message.create({
      content: { config: new ConfigRecord() },
      dstNodeId: nodeId,
      messageType: MessageTypes.GetParameters,
      clock: grid.clock,
    });
    const [reply] = await grid.sendAndReceive([instruction], options) as [Message];
    try {
      return { arrays: readArrays(reply), nodeId };
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      reason = error.message;
    }
  }
  throw new FlwrError("failed-precondition", `No node sent initial arrays: ${reason}`, {
    hints: [
      "Set the strategy's option initialArrays",
      "Or have the ClientApp send them: new ClientApp().parameters(…)",
    ],
  });
}

function readArrays(reply: Message): ArrayRecord {
  const records = reply.content.arrayRecords;
  const [arrays] = records.values();
  if (records.size !== 1 || arrays === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `The reply has ${records.size} ArrayRecords, expected 1`,
    );
  }
  arrays.viewTensors(); // detects damaged arrays before the first round
  return arrays;
}
