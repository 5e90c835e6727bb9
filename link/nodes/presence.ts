import { FlwrError } from "../../base/error.ts";
import type {
  Heartbeat,
  NodeContext,
  NodeEffects,
  NodeLimits,
  NodeTransaction,
} from "./context.ts";
import { isMember, nextNodeState } from "./node_state.ts";
import type { NodeRecord } from "./node_table.ts";
import type { LinkNode, OnlineNode } from "../../entities/node.ts";

/** Seconds between two checks of the limit of absent nodes. */
const SWEEP_SECONDS = 60;

/** See Nodes.heartbeat. */
export function heartbeat(
  context: NodeContext,
  nodeId: bigint,
  heartbeatInterval: number,
  patience = 1,
  wire?: string,
): Promise<boolean> {
  requireInterval(context, heartbeatInterval);
  return context.heartbeats.run({
    nodeId,
    heartbeatInterval,
    patience,
    ...(wire !== undefined && { wire }),
  });
}

/** Handles heartbeats together. @returns for each, whether its node is a member */
export function handleHeartbeats(
  context: NodeContext,
  heartbeats: readonly Heartbeat[],
): Promise<boolean[]> {
  // Relaxed, because after a power failure every node that was online gets a new interval anyway.
  return context.transact("relaxed", async (tx, effects) => {
    const found = await tx.nodes.withIds(heartbeats.map(({ nodeId }) => nodeId));
    const nodes = new Map(found.map((node) => [node.nodeId, node]));
    const changed = new Map<bigint, NodeRecord>();
    const now = context.clock.now();
    const verdicts = heartbeats.map(({ nodeId, heartbeatInterval, patience, wire }) => {
      const node = changed.get(nodeId) ?? nodes.get(nodeId);
      const state = node && nextNodeState(node.state, "heartbeat");
      if (node === undefined || state === undefined) return false;
      const onlineUntil = now + heartbeatInterval * patience;
      changed.set(nodeId, {
        ...node,
        state,
        onlineUntil,
        heartbeatInterval,
        dueAt: onlineUntil,
        ...(wire !== undefined && { wire }),
      });
      effects.due(onlineUntil);
      if (node.state !== state) effects.emit({ kind: "node-returned", nodeId });
      return true;
    });
    await tx.nodes.putAll([...changed.values()]);
    return verdicts;
  });
}

/** See Nodes.ofKey. */
export async function nodeOfKey(
  context: NodeContext,
  publicKey: Uint8Array,
): Promise<LinkNode | undefined> {
  const node = await context.keyReads.run(publicKey);
  return node && toNode(node);
}

/** Reads nodes by their keys together. */
export function readNodesOfKeys(
  context: NodeContext,
  publicKeys: readonly Uint8Array[],
): Promise<(NodeRecord | undefined)[]> {
  return context.transact("read-only", async (tx) => {
    const found = await tx.nodes.withKeys(publicKeys);
    const nodes = new Map(found.map((node) => [node.publicKey!.toHex(), node]));
    return publicKeys.map((key) => nodes.get(key.toHex()));
  });
}

/** See Nodes.list. */
export function listNodes(context: NodeContext): Promise<LinkNode[]> {
  return context.transact("read-only", async (tx) => (await tx.nodes.all()).map(toNode));
}

/** See Nodes.online. */
export async function onlineNodes(context: NodeContext): Promise<bigint[]> {
  return (await onlineNames(context)).map(({ nodeId }) => nodeId);
}

/** See Nodes.onlineNames. */
export function onlineNames(context: NodeContext): Promise<OnlineNode[]> {
  return context.transact("read-only", async (tx) => {
    const nodes = await tx.nodes.onlineNames(context.clock.now());
    return nodes.map(({ nodeId, joinName, name = joinName }) => ({
      nodeId,
      ...(name !== undefined && { name }),
    }));
  });
}

/** Handles a node that is due: an online node goes offline, and a node that was absent for a long time is removed. */
export async function handleDueNode(
  context: NodeContext,
  tx: NodeTransaction,
  effects: NodeEffects,
  node: NodeRecord,
): Promise<void> {
  const { nodeId, onlineUntil } = node;
  const state = nextNodeState(node.state, "lapse");
  if (state === undefined) return await forget(tx, effects, nodeId);
  await putAbsent(context, tx, effects, { ...node, state });
  effects.emit({ kind: "node-offline", nodeId, onlineUntil });
  await tx.nodeDependents.absent(nodeId);
}

/**
 * Removes absent nodes beyond limits.maxAbsentNodes, as many as are allowed in one transaction.
 *
 * @param until Unix time in seconds after which no further removal starts
 */
export async function sweepAbsentNodes(
  context: NodeContext,
  tx: NodeTransaction,
  effects: NodeEffects,
  until: number,
): Promise<void> {
  const { absences, clock, limits: { maxAbsentNodes, housekeepingBatch } } = context;
  absences.begin(effects);
  let excess = await tx.nodes.countForgettable() - maxAbsentNodes;
  if (excess <= 0) return;
  for (const { nodeId } of await tx.nodes.forgettable(Math.min(excess, housekeepingBatch))) {
    await forget(tx, effects, nodeId);
    excess--;
    if (clock.now() > until) break;
  }
  if (excess > 0) absences.expect(effects, clock.now());
}

async function forget(
  tx: NodeTransaction,
  effects: NodeEffects,
  nodeId: bigint,
): Promise<void> {
  await tx.nodes.remove(nodeId);
  effects.emit({ kind: "node-forgotten", nodeId });
  await tx.nodeDependents.absent(nodeId);
}

/**
 * The node with this id, which must be a member.
 *
 * @throws not-found if it never joined, has left or was unregistered
 */
export async function requireNode(
  tx: Pick<NodeTransaction, "nodes">,
  nodeId: bigint,
): Promise<NodeRecord> {
  return requireMember(nodeId, await tx.nodes.get(nodeId));
}

/** The node, if it was found and is a member. @throws not-found otherwise */
export function requireMember(nodeId: bigint, node: NodeRecord | undefined): NodeRecord {
  if (node === undefined || !isMember(node.state)) {
    throw new FlwrError("not-found", `Node "${nodeId}" is unknown or has left`);
  }
  return node;
}

/** Stores a node that is not online, with its removal time (see {@link forgottenAt}). */
export async function putAbsent(
  { absences, clock, limits }: NodeContext,
  tx: NodeTransaction,
  effects: NodeEffects,
  { dueAt: _, ...node }: NodeRecord,
): Promise<void> {
  const dueAt = forgottenAt(node, limits);
  await tx.nodes.put({ ...node, ...(dueAt !== undefined && { dueAt }) });
  if (dueAt === undefined) return;
  // The limit of absent nodes may now be exceeded.
  const sweepAt = Math.min(clock.now() + SWEEP_SECONDS, absences.dueAt);
  absences.expect(effects, sweepAt);
  effects.due(Math.min(dueAt, sweepAt));
}

/**
 * When an absent node is removed, as Unix time in seconds; undefined for never. A node without a key can never be
 * recognised again, and a node that registered itself can do so again. Other nodes are removed only by the operator.
 */
export function forgottenAt(
  { publicKey, registeredBy, registeredAt, onlineUntil }: NodeRecord,
  { absentNodeRetentionSeconds, anonymousNodeRetentionSeconds }: NodeLimits,
): number | undefined {
  if (publicKey === undefined) return onlineUntil + anonymousNodeRetentionSeconds;
  if (registeredBy === "owner" || absentNodeRetentionSeconds === Infinity) return undefined;
  return Math.max(onlineUntil, registeredAt) + absentNodeRetentionSeconds;
}

/** @throws invalid-argument */
export function requireInterval({ limits }: NodeContext, seconds: number): void {
  const longest = limits.maxHeartbeatIntervalSeconds;
  if (!(seconds > 0 && seconds <= longest)) {
    throw new FlwrError(
      "invalid-argument",
      `The heartbeat interval must be more than 0 s and at most ${longest} s, not "${seconds}"`,
    );
  }
}

/** A node as callers see it: without internal fields, and with the name that applies. */
export function toNode({ dueAt: _, joins: __, joinName, ...node }: NodeRecord): LinkNode {
  const { name = joinName } = node;
  return { ...node, ...(name !== undefined && { name }) };
}
