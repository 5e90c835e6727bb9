import { type Bench, MODEL_OBJECTS, rootOf, UPDATE_OBJECTS } from "../../../tests/link/harness.ts";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import type { LinkObject, ObjectTree } from "../../../entities/object.ts";
import type { LinkMessage, NewLinkMessage } from "../../../entities/message.ts";

/** The object tree of a message with these objects. */
export function treeOf(message: NewLinkMessage, objects: readonly LinkObject[]): ObjectTree {
  return new Map([...objects, rootOf(message)].map(({ id, children }) => [id, children]));
}

/** Announces instructions whose content is the model. */
export function openInstructions(bench: Bench, messages: readonly NewLinkMessage[]) {
  const trees = messages.map((message) => treeOf(message, MODEL_OBJECTS));
  return bench.link.messages.openPush({
    nodeId: SUPERLINK_NODE_ID,
    runId: bench.runId,
    messages,
    trees,
  });
}

/** Announces a reply whose content is the update. */
export function openReply(bench: Bench, reply: NewLinkMessage) {
  const { srcNodeId: nodeId, runId } = reply;
  return bench.link.messages.openPush({
    nodeId,
    runId,
    messages: [reply],
    trees: [treeOf(reply, UPDATE_OBJECTS)],
    clientAppSeconds: [1.5],
  });
}

/** Pushes an instruction to a node and pulls it. */
export async function handed(bench: Bench, nodeId: bigint): Promise<LinkMessage> {
  await bench.push(nodeId);
  return (await bench.link.messages.pullInstruction(nodeId))!;
}

/** Pushes these objects. @returns for each, whether it was accepted */
export async function put(
  bench: Bench,
  nodeId: bigint,
  sessionId: string,
  objects: readonly LinkObject[],
): Promise<boolean[]> {
  const stored: boolean[] = [];
  for (const each of objects) {
    stored.push(
      await bench.link.messages.putObject({ nodeId, runId: bench.runId, sessionId }, each),
    );
  }
  return stored;
}
