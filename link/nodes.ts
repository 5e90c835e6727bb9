import { FlwrError } from "../base/error.ts";
import { type Effects, type LinkContext, transact } from "./context.ts";
import { requeue } from "./requeue.ts";
import type { LinkNode } from "./link.ts";
import { SUPERLINK_NODE_ID } from "./message.ts";
import { nextNodeState } from "./node_state.ts";
import type { LinkTransaction, NodeRecord } from "./store/store.ts";

/** See LinkService.createNode. */
export function createNode(
  context: LinkContext,
  { publicKey, heartbeatInterval }: { publicKey?: Uint8Array; heartbeatInterval: number },
): Promise<LinkNode> {
  requireInterval(context, heartbeatInterval);
  return transact(context, "durable", async (tx, effects) => {
    const known = publicKey === undefined ? undefined : await tx.nodeByKey(publicKey);
    const nodeId = known?.nodeId ?? await freshNodeId(context, tx);
    const onlineUntil = context.clock.now() + heartbeatInterval;
    const node: NodeRecord = {
      nodeId,
      ...(publicKey !== undefined && { publicKey }),
      state: nextNodeState(known?.state ?? "registered", "join")!,
      onlineUntil,
      heartbeatInterval,
      dueAt: onlineUntil,
    };
    await tx.putNode(node);
    for (const instruction of await tx.openInstructions(nodeId)) {
      if (instruction.state === "handed-out") {
        await requeue(context, tx, effects, instruction, "node-joined-again");
      }
    }
    effects.due(onlineUntil);
    effects.events.push({ kind: "node-joined", nodeId, takeover: known?.state === "online" });
    return toNode(node);
  });
}

/** See LinkService.deleteNode. */
export function deleteNode(context: LinkContext, nodeId: bigint): Promise<void> {
  return transact(context, "durable", async (tx, effects) => {
    const node = await requireNode(tx, nodeId);
    const state = nextNodeState(node.state, "leave")!;
    if (node.publicKey === undefined) await tx.removeNode(nodeId);
    else {
      const { dueAt: _, ...rest } = node;
      await tx.putNode({ ...rest, state, onlineUntil: context.clock.now() });
    }
    await wakeAskers(tx, effects, nodeId);
    effects.topics.add(`work:${nodeId}`);
    effects.events.push({ kind: "node-left", nodeId });
  });
}

/** See LinkService.heartbeat. */
export function heartbeat(
  context: LinkContext,
  nodeId: bigint,
  heartbeatInterval: number,
): Promise<boolean> {
  requireInterval(context, heartbeatInterval);
  // Relaxed: after a loss of power every node that was online gets a new interval anyway.
  return transact(context, "relaxed", async (tx, effects) => {
    const node = await tx.node(nodeId);
    const state = node && nextNodeState(node.state, "heartbeat");
    if (node === undefined || state === undefined) return false;
    const onlineUntil = context.clock.now() + heartbeatInterval;
    await tx.putNode({ ...node, state, onlineUntil, heartbeatInterval, dueAt: onlineUntil });
    effects.due(onlineUntil);
    if (node.state !== state) effects.events.push({ kind: "node-returned", nodeId });
    return true;
  });
}

/** See LinkService.nodeOfKey. */
export function nodeOfKey(
  context: LinkContext,
  publicKey: Uint8Array,
): Promise<LinkNode | undefined> {
  return transact(context, "relaxed", async (tx) => {
    const node = await tx.nodeByKey(publicKey);
    return node && toNode(node);
  });
}

/** See LinkService.onlineNodes. */
export function onlineNodes(context: LinkContext): Promise<bigint[]> {
  return transact(context, "relaxed", async (tx) => {
    const now = context.clock.now();
    const nodes = await tx.onlineNodes();
    return nodes.filter(({ onlineUntil }) => onlineUntil > now).map(({ nodeId }) => nodeId);
  });
}

/** Settles a node whose time has passed: an online one is offline now, an anonymous offline one forgotten. */
export async function settleDueNode(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  node: NodeRecord,
): Promise<void> {
  const { nodeId, onlineUntil } = node;
  const state = nextNodeState(node.state, "lapse");
  if (state === undefined) {
    await tx.removeNode(nodeId);
    effects.events.push({ kind: "node-forgotten", nodeId });
  } else {
    const { dueAt: _, ...rest } = node;
    await tx.putNode({
      ...rest,
      state,
      ...(node.publicKey === undefined && {
        dueAt: onlineUntil + context.limits.anonymousNodeRetentionSeconds,
      }),
    });
    effects.events.push({ kind: "node-offline", nodeId, onlineUntil });
  }
  await wakeAskers(tx, effects, nodeId);
}

/**
 * The node, if it is there.
 *
 * @throws not-found when it never joined or has left
 */
export async function requireNode(tx: LinkTransaction, nodeId: bigint): Promise<NodeRecord> {
  const node = await tx.node(nodeId);
  if (node === undefined || node.state === "left") {
    throw new FlwrError("not-found", `Node "${nodeId}" is not here: it never joined or has left`);
  }
  return node;
}

/** Wakes those who wait for replies of the node, for there may be none. */
async function wakeAskers(tx: LinkTransaction, effects: Effects, nodeId: bigint): Promise<void> {
  for (const { message } of await tx.openInstructions(nodeId)) {
    effects.topics.add(`reply:${message.messageId}`);
  }
}

async function freshNodeId({ random }: LinkContext, tx: LinkTransaction): Promise<bigint> {
  for (;;) {
    const id = random.uint64();
    if (id !== 0n && id !== SUPERLINK_NODE_ID && await tx.node(id) === undefined) return id;
  }
}

function requireInterval({ limits }: LinkContext, seconds: number): void {
  const longest = limits.maxHeartbeatIntervalSeconds;
  if (!(seconds > 0 && seconds <= longest)) {
    throw new FlwrError(
      "invalid-argument",
      `Heartbeat interval is not between 0 and ${longest} s: "${seconds}"`,
    );
  }
}

function toNode({ nodeId, publicKey, onlineUntil }: NodeRecord): LinkNode {
  return { nodeId, ...(publicKey !== undefined && { publicKey }), onlineUntil };
}
