import type { Link } from "../../link/link.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { MessageRefusal, PushedMessages } from "../../entities/push.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../entities/object.ts";

/**
 * A push of messages of one run with all their objects inline, including each message's own.
 *
 * @param nodeId the caller; default: the sender in the first message
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
    inlineObjects: new Map(objects.map((object) => [object.id, { object }])),
  };
}

/** Pushes messages with all their objects. @returns for each, why it was refused, or undefined */
export async function pushComplete(
  link: Pick<Link, "messages">,
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
  nodeId?: bigint,
): Promise<readonly (MessageRefusal | undefined)[]> {
  return (await link.messages.openPush(wholePush(messages, objects, nodeId))).refusals;
}

/** The tree of a root, as far as its objects are given. */
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
