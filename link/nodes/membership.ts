import { FlwrError } from "../../base/error.ts";
import { nodeNameProblem } from "../../base/node_name.ts";
import type { NodeContext, NodeEffects, NodeTransaction } from "./context.ts";
import { nextNodeState } from "./node_state.ts";
import type { NodeRecord } from "./node_table.ts";
import type { HeartbeatPromise } from "./nodes.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { AccountIdentity } from "../../entities/account.ts";
import type { LinkNode } from "../../entities/node.ts";
import { putAbsent, requireInterval, requireNode, toNode } from "./presence.ts";

/** Parameters of a join. */
type Joining = HeartbeatPromise & Pick<LinkNode, "wire" | "name" | "session">;

/** See Nodes.create. */
export function createNode(
  context: NodeContext,
  { publicKey, ...joining }: { publicKey?: Uint8Array } & Joining,
): Promise<LinkNode> {
  requireInterval(context, joining.heartbeatInterval);
  return context.transact("durable", async (tx, effects) => {
    if (joining.name !== undefined) requireName(joining.name);
    const known = publicKey === undefined ? undefined : await tx.nodes.byKey(publicKey);
    const node = known ?? await newNode(context, tx, publicKey, "self");
    return await join(context, tx, effects, node, joining);
  });
}

/** See Nodes.register. */
export function registerNode(
  context: NodeContext,
  { publicKey, name, location, by = "owner", owner }: {
    publicKey: Uint8Array;
    name?: string;
    location?: string;
    by?: LinkNode["registeredBy"];
    owner?: AccountIdentity;
  },
): Promise<LinkNode> {
  return context.transact("durable", async (tx, effects) => {
    if (name !== undefined) requireName(name);
    const known = await tx.nodes.byKey(publicKey);
    if (known !== undefined) {
      throw new FlwrError(
        "already-exists",
        known.state === "unregistered"
          ? `The key belongs to node "${known.nodeId}", which was unregistered: it is not admitted again`
          : `The key is already registered as node "${known.nodeId}"`,
      );
    }
    const node: NodeRecord = {
      ...await newNode(context, tx, publicKey, by),
      ...(name !== undefined && { name }),
      ...(location !== undefined && { location }),
      ...(owner && { ownerId: owner.id, ownerName: owner.name }),
    };
    await putAbsent(context, tx, effects, node);
    effects.emit({
      kind: "node-registered",
      nodeId: node.nodeId,
      ...(name !== undefined && { name }),
    });
    return toNode(node);
  });
}

/** See Nodes.activate. */
export function activateNode(
  context: NodeContext,
  { publicKey, ...beat }: { publicKey: Uint8Array } & HeartbeatPromise,
): Promise<LinkNode> {
  requireInterval(context, beat.heartbeatInterval);
  return context.transact("durable", async (tx, effects) => {
    const node = await tx.nodes.byKey(publicKey);
    if (node === undefined) {
      throw new FlwrError("not-found", "The key is not registered with this SuperLink");
    }
    return await join(context, tx, effects, node, beat);
  });
}

/** See Nodes.deactivate. */
export function deactivateNode(context: NodeContext, nodeId: bigint): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const node = await requireNode(tx, nodeId);
    const state = nextNodeState(node.state, "deactivate")!;
    const now = context.clock.now();
    const onlineUntil = Math.min(node.onlineUntil, now);
    await putAbsent(context, tx, effects, { ...node, state, onlineUntil, deactivatedAt: now });
    await tx.nodeDependents.absent(nodeId);
    effects.emit({ kind: "node-deactivated", nodeId });
  });
}

/** See Nodes.leave. */
export function deleteNode(context: NodeContext, nodeId: bigint): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const node = await requireNode(tx, nodeId);
    const state = nextNodeState(node.state, "leave")!;
    const now = context.clock.now();
    if (node.publicKey === undefined) await tx.nodes.remove(nodeId);
    else {
      await putAbsent(context, tx, effects, {
        ...node,
        state,
        onlineUntil: now,
        deactivatedAt: now,
      });
    }
    await tx.nodeDependents.absent(nodeId);
    effects.wake(`work:${nodeId}`);
    effects.emit({ kind: "node-left", nodeId, forgotten: node.publicKey === undefined });
  });
}

/** See Nodes.unregister. */
export function unregisterNode(
  context: NodeContext,
  nodeId: bigint,
  by: LinkNode["registeredBy"] = "owner",
): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const node = await tx.nodes.get(nodeId);
    const state = node && nextNodeState(node.state, "unregister");
    if (state === undefined) {
      throw new FlwrError("not-found", `Node "${nodeId}" is not registered`);
    }
    const now = context.clock.now();
    const unregistered: NodeRecord = {
      ...node!,
      state,
      onlineUntil: Math.min(node!.onlineUntil, now),
      unregisteredAt: now,
    };
    const { dueAt: _, ...forGood } = unregistered;
    // A key that the operator unregistered is kept forever, so it is never admitted again.
    if (by === "owner" && node!.publicKey !== undefined) await tx.nodes.put(forGood);
    else await putAbsent(context, tx, effects, unregistered);
    await tx.nodeDependents.unregistered(nodeId);
    effects.wake(`work:${nodeId}`);
    effects.emit({ kind: "node-unregistered", nodeId });
  });
}

/** Brings a node online, requeues its unanswered instructions, and ends the long polls of its former process. */
async function join(
  context: NodeContext,
  tx: NodeTransaction,
  effects: NodeEffects,
  { wire: _, joinName: __, session: ___, ...known }: NodeRecord,
  { heartbeatInterval, patience = 1, wire, name, session }: Joining,
): Promise<LinkNode> {
  const { nodeId } = known;
  const state = nextNodeState(known.state, "join");
  if (state === undefined) {
    throw new FlwrError(
      "permission-denied",
      `Node "${nodeId}" was unregistered: its key is not admitted again`,
    );
  }
  const now = context.clock.now();
  const onlineUntil = now + heartbeatInterval * patience;
  const { publicKey } = known;
  const joinName = publicKey === undefined ? name : context.listedName(publicKey) ?? name;
  const node: NodeRecord = {
    ...known,
    state,
    onlineUntil,
    heartbeatInterval,
    activatedAt: now,
    joins: known.joins + 1,
    dueAt: onlineUntil,
    ...(wire !== undefined && { wire }),
    ...(session !== undefined && { session }),
    ...(joinName !== undefined && { joinName }),
  };
  await tx.nodes.put(node);
  if (known.activatedAt !== undefined) {
    effects.wake(`work:${nodeId}`);
  }
  await tx.nodeDependents.joined(nodeId);
  effects.due(onlineUntil);
  const joined = toNode(node);
  effects.emit({
    kind: "node-joined",
    nodeId,
    takeover: known.state === "online",
    ...(joined.name !== undefined && { name: joined.name }),
  });
  return joined;
}

/** @throws invalid-argument */
function requireName(name: string): void {
  const problem = nodeNameProblem(name);
  if (problem !== undefined) {
    throw new FlwrError("invalid-argument", `The node's name ${problem}`);
  }
}

/** Creates a registered node that has not joined. */
async function newNode(
  { clock, random }: NodeContext,
  tx: NodeTransaction,
  publicKey: Uint8Array | undefined,
  registeredBy: LinkNode["registeredBy"],
): Promise<NodeRecord> {
  let nodeId = random.uint64();
  while (nodeId === 0n || nodeId === SUPERLINK_NODE_ID || await tx.nodes.get(nodeId)) {
    nodeId = random.uint64();
  }
  return {
    nodeId,
    ...(publicKey !== undefined && { publicKey }),
    state: "registered",
    onlineUntil: 0,
    heartbeatInterval: 0,
    registeredBy,
    registeredAt: clock.now(),
    joins: 0,
  };
}
