import type { Link } from "../../link/link.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { PushedMessages, Refusal } from "../../entities/push.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../entities/object.ts";

/**
 * The push of messages of one run that brings all their objects, each message's own included.
 *
 * @param nodeId who pushes; default: the sender that the first message names
 */
export function wholePush(
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
  nodeId = messages[0]!.srcNodeId,
): PushedMessages {
  const [{ runId }] = messages as [NewLinkMessage];
  return {
    nodeId,
    runId,
    messages,
    trees: messages.map(({ messageId }) => treeAmong(objects, messageId)),
    brought: new Map(objects.map((object) => [object.id, { object }])),
  };
}

/** Pushes messages with all their objects. @returns why each was refused; undefined for one that was taken */
export async function pushWhole(
  link: Pick<Link, "messages">,
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
  nodeId?: bigint,
): Promise<readonly (Refusal | undefined)[]> {
  return (await link.messages.openPush(wholePush(messages, objects, nodeId))).refusals;
}

/** The tree under a root, as far as its objects are given. */
function treeAmong(objects: readonly LinkObject[], root: ObjectId): ObjectTree {
  const given = new Map(objects.map((object) => [object.id, object]));
  const tree = new Map<ObjectId, readonly ObjectId[]>();
  const left = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (tree.has(id)) continue;
    const children = given.get(id)?.children ?? [];
    tree.set(id, children);
    left.push(...children);
  }
  return tree;
}
