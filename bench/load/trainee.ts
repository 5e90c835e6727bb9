import type { DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { messageToWire } from "../../rpc/dialects/current/message.ts";
import { idsOfTree, treeFromWire, treeToWire } from "../../rpc/dialects/current/object_tree.ts";
import { messageObject } from "../../rpc/objects/message.ts";
import { metadataFromWire } from "../../rpc/objects/metadata.ts";
import type { HttpLine } from "./http_line.ts";
import type { LightModel } from "./light_model.ts";
import type { LightNode } from "./light_node.ts";
import { overLines } from "./over_lines.ts";
import { pause } from "./pause.ts";
import type { Persistence } from "./persist.ts";

/**
 * Waits for one instruction, takes every object of it, and replies with a model, as a SuperNode does but without any
 * training.
 *
 * @param lines objects are transferred on all of them
 */
export async function trainOnce(
  node: LightNode,
  lines: readonly HttpLine[],
  reply: LightModel,
  persistence: Persistence,
): Promise<void> {
  const [line] = lines as [HttpLine];
  const call = <M extends DescMethod>(
    on: HttpLine,
    method: M,
    request: MessageInitShape<M["input"]>,
  ) => persistence.call(() => node.call(on, method, request));
  const self = { nodeId: node.nodeId };
  for (;;) {
    const { messagesList: [message], messageObjectTrees: [tree] } = await call(
      line,
      Fleet.method.pullMessages,
      { node: self },
    );
    if (message === undefined) {
      await pause();
      continue;
    }
    const instruction = metadataFromWire(message.metadata);
    const { runId } = instruction;
    const messageObjectId = tree!.objectId;
    await overLines(lines, idsOfTree(messageObjectId, treeFromWire(tree!)), async (on, id) => {
      const request = { node: self, runId, objectId: id };
      // Flower's SuperLink hands an instruction out before the ServerApp has pushed all of it.
      while (!(await call(on, Fleet.method.pullObject, request)).objectAvailable) {
        await pause();
      }
    });
    const confirmation = { node: self, runId, messageObjectId };
    await call(line, Fleet.method.confirmMessageReceived, confirmation);

    const now = Date.now() / 1000;
    const metadata = {
      ...instruction,
      srcNodeId: node.nodeId,
      dstNodeId: instruction.srcNodeId,
      replyToMessageId: instruction.messageId,
      ttl: instruction.createdAt + instruction.ttl - now,
      createdAt: now,
    };
    const root = messageObject({ ...metadata, content: reply.content });
    const { objectsToPush, sessionId } = await call(line, Fleet.method.pushMessages, {
      node: self,
      messagesList: [messageToWire({ ...metadata, messageId: root.id })],
      messageObjectTrees: [
        treeToWire(root.id, new Map([...reply.tree, [root.id, [reply.content]]])),
      ],
      clientappRuntimeList: [0],
    });
    return await overLines(lines, objectsToPush, async (on, objectId) => {
      const objectContent = objectId === root.id ? root.bytes : await reply.bytes(objectId);
      const request = { node: self, runId, objectId, objectContent, sessionId };
      const { stored } = await call(on, Fleet.method.pushObject, request);
      if (!stored) throw new FlwrError("internal", `Object ${objectId} was not stored`);
    });
  }
}
