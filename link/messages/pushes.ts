import { FlwrError } from "../../base/error.ts";
import { Turns } from "../../base/turn.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkObject, ObjectId, ObjectTree } from "../../entities/object.ts";
import type { PlacedObject } from "../objects/object_table.ts";
import { addObjects, NewTrees } from "../objects/references.ts";
import { noteInstructions } from "../runs/silence.ts";
import { acceptInline, hasSameAddress, type NewMessage } from "./inline_message.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import { treeFault } from "./message_fault.ts";
import type { MessageRefusal, OpenedPush, PushedMessages } from "../../entities/push.ts";
import { discardUnused, placeInline } from "./place_inline.ts";
import { type MessageReads, readAhead } from "./read_ahead.ts";
import { settlePushes } from "./push_end.ts";
import type { AnnouncedMessage, PushRecord } from "./push_table.ts";
import {
  acceptedBefore,
  idTaken,
  instructionRefusal,
  type RefusalDetails,
  replyRefusal,
} from "./record_message.ts";
import { refuseReply, reportRefusal } from "./refuse_reply.ts";
import { acceptCompleteMessages } from "./complete_messages.ts";

/** Smallest extension of a push's due time that is written, in seconds. */
const REFRESH_SECONDS = 1;

/** Announced objects to check before yielding to the event loop: about 3 ms of work. */
const OBJECTS_PER_TURN = 5000;

/** Caller of a push. */
interface Pusher {
  readonly nodeId: bigint;
  readonly runId: bigint;
}

/** See Messages.openPush. */
export async function openPush(
  context: MessageContext,
  pushed: PushedMessages,
): Promise<OpenedPush> {
  const faults = await treeFaults(context, pushed);
  const { pushed: placedPush, placed } = await placeInline(context, pushed);
  // A push becomes durable when its last message is accepted or refused (see settlePushes). With inline objects that
  // may happen in this transaction.
  const { opened, finished } = await context.transact(
    pushed.inlineObjects === undefined ? "relaxed" : "durable",
    async (tx, effects) => {
      context.large?.requireFresh(placed);
      const { nodeId, runId } = pushed;
      if (nodeId === SUPERLINK_NODE_ID) await noteInstructions(context, tx, runId);
      return await announceMessages(context, tx, effects, placedPush, faults);
    },
  );
  await discardUnused(context, placed);
  await settlePushes(context, finished);
  return opened;
}

/**
 * Checks the trees of messages. @returns what is wrong with each, in the order of the messages
 *
 * Runs before the transaction, because a transaction cannot yield to the event loop, and a batch announces the objects
 * of its model once for each node.
 */
async function treeFaults(
  { limits }: MessageContext,
  { messages, trees }: PushedMessages,
): Promise<(MessageRefusal | undefined)[]> {
  const turns = new Turns(OBJECTS_PER_TURN);
  const faults: (MessageRefusal | undefined)[] = [];
  for (const [place, message] of messages.entries()) {
    const tree = trees[place];
    faults.push(treeFault(message, tree, limits));
    await turns.spend(tree?.size ?? 1);
  }
  return faults;
}

async function announceMessages(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  pushed: PushedMessages,
  faults: readonly (MessageRefusal | undefined)[],
): Promise<{ opened: OpenedPush; finished: readonly string[] }> {
  const { messages, trees, runId } = pushed;
  const { clock, limits } = context;
  let session: PushRecord | undefined;
  const refusals: (MessageRefusal | undefined)[] = messages.map(() => undefined);
  const waiting: (WaitingMessage & { readonly index: number })[] = [];
  const finished: string[] = [];
  for (const [nth, batch] of batches(pushed).entries()) {
    const reads = await readAhead(tx, batch.map((at) => messages[at]!), pushed.nodeId);
    if (nth === 0) {
      const isWhole = batch.length === messages.length;
      session = await sessionOf(tx, pushed, isWhole ? reads.announced : undefined);
    }
    const accepted: (NewMessage & { readonly index: number })[] = [];
    const undecided: typeof accepted = [];
    for (const index of batch) {
      const message = messages[index]!;
      const outcome = await judgeMessage(context, reads, pushed, message, faults[index]);
      const { refusal } = outcome;
      if (refusal !== undefined) {
        refusals[index] = { code: refusal.code, reason: refusal.reason };
        await refuseMessage(context, tx, effects, pushed, message, refusal);
      }
      if (!outcome.waits) continue;
      const clientAppSeconds = pushed.clientAppSeconds?.[index] ?? 0;
      if (outcome.isNew) {
        accepted.push({ message: { ...message, pushedAt: 0 }, clientAppSeconds, index });
      } else waiting.push({ messageId: message.messageId, tree: trees[index]!, index });
    }
    if (pushed.inlineObjects === undefined) undecided.push(...accepted);
    else if (accepted.length > 0) {
      const inline = await acceptInline(context, tx, effects, accepted, pushed.inlineObjects);
      finished.push(...inline.finished);
      for (const [place, { isDecided, refusal }] of inline.messages.entries()) {
        refusals[accepted[place]!.index] = refusal;
        if (!isDecided) undecided.push(accepted[place]!);
      }
    }
    if (undecided.length > 0) session ??= await newSession(context, tx, pushed);
    await tx.pushes.addMessages(
      undecided.map(({ message, clientAppSeconds }) => ({
        sessionId: session!.sessionId,
        message,
        clientAppSeconds,
      })),
    );
    for (const { message: { messageId }, index } of undecided) {
      waiting.push({ messageId, tree: trees[index]!, index });
    }
  }
  waiting.sort((a, b) => a.index - b.index);
  if (waiting.length > 0) session ??= await newSession(context, tx, pushed);
  if (session === undefined) {
    for (const { object } of pushed.inlineObjects?.values() ?? []) {
      context.traffic.receive(effects, runId, object.bytes.length);
    }
    await context.traffic.save(tx, effects, runId);
    return { opened: { refusals, missing: [], sessionId: "" }, finished };
  }

  const dueAt = clock.now() + limits.pushSessionSeconds;
  await tx.pushes.put(context.staged.saved(effects, { ...session, dueAt }));
  effects.due(dueAt);
  const missing = new Set(await recordObjects(tx, session.sessionId, waiting));
  const completed: ObjectId[] = [];
  const standings = await tx.objects.standings(waiting.map(({ messageId }) => messageId));
  for (const { messageId } of waiting) {
    if (standings.get(messageId)?.waits === 0) completed.push(messageId);
  }
  finished.push(...await acceptCompleteMessages(context, tx, effects, completed));
  for (const { object, message } of pushed.inlineObjects?.values() ?? []) {
    if (!missing.has(object.id)) {
      context.traffic.receive(effects, runId, object.bytes.length);
      continue;
    }
    const pusher = { ...pushed, sessionId: session.sessionId };
    const outcome = await storeObject(context, tx, effects, pusher, object, message);
    if (outcome.stored) missing.delete(object.id);
    finished.push(...outcome.finished);
  }
  await context.traffic.save(tx, effects, runId);
  return { opened: { refusals, missing: [...missing], sessionId: session.sessionId }, finished };
}

/**
 * Divides the messages of a push into those that are judged and stored together, as indices in their order. A message
 * that a former one of the push can affect is apart: a reply, or one whose id occurs twice.
 */
function batches({ nodeId, messages }: PushedMessages): number[][] {
  const indices = messages.map((_, index) => index);
  const ids = new Set(messages.map(({ messageId }) => messageId));
  return nodeId === SUPERLINK_NODE_ID && ids.size === messages.length
    ? [indices]
    : indices.map((index) => [index]);
}

/** A message that waits for objects, and the tree that was announced for it. */
interface WaitingMessage {
  readonly messageId: string;
  readonly tree: ObjectTree;
}

/** How to handle a message of a push. */
interface Judgement {
  readonly refusal?: RefusalDetails;
  /** Whether the message waits for objects, from now on or since it was announced before. */
  readonly waits: boolean;
  readonly isNew: boolean;
}

async function judgeMessage(
  context: MessageContext,
  tx: MessageReads,
  pushed: PushedMessages,
  message: NewLinkMessage,
  fault: MessageRefusal | undefined,
): Promise<Judgement> {
  const refused = (refusal: MessageRefusal, isPermanent: boolean) => ({
    refusal: { ...refusal, isPermanent },
    waits: false,
    isNew: false,
  });
  const { nodeId, runId } = pushed;
  if (message.runId !== runId) {
    const reason = `The message names run "${message.runId}", its push run "${runId}"`;
    return refused({ code: "wrong-run", reason }, true);
  }
  if (fault !== undefined) return refused(fault, true);
  const announced = await tx.pushes.message(message.messageId);
  if (announced !== undefined) {
    const owner = await tx.pushes.get(announced.sessionId);
    return owner?.nodeId === nodeId && owner.runId === runId
      ? { waits: true, isNew: false }
      : refused(idTaken(message.messageId), false);
  }
  if (message.srcNodeId === nodeId && await acceptedBefore(tx, message) !== undefined) {
    return { waits: false, isNew: false };
  }
  if (nodeId === SUPERLINK_NODE_ID) {
    const refusal = await instructionRefusal(context, tx, message);
    return refusal === undefined ? { waits: true, isNew: true } : refused(refusal, true);
  }
  const refusal = await replyRefusal(context, tx, nodeId, message);
  return refusal === undefined
    ? { waits: true, isNew: true }
    : { refusal, waits: false, isNew: false };
}

async function refuseMessage(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { nodeId }: Pusher,
  message: NewLinkMessage,
  refusal: RefusalDetails,
): Promise<void> {
  if (nodeId === SUPERLINK_NODE_ID) reportRefusal(effects, message, refusal);
  else await refuseReply(context, tx, effects, { nodeId, reply: message, refusal });
}

/**
 * The push under which the same caller announced one of the messages before.
 *
 * @param known those of the messages that were announced; default: the store is asked
 */
async function sessionOf(
  tx: MessageTransaction,
  { nodeId, runId, messages }: PushedMessages,
  known: readonly AnnouncedMessage[] | undefined,
): Promise<PushRecord | undefined> {
  const announced = known ??
    await tx.pushes.messages(messages.map(({ messageId }) => messageId));
  for (const sessionId of new Set(announced.map(({ sessionId }) => sessionId))) {
    const push = await tx.pushes.get(sessionId);
    if (push?.nodeId === nodeId && push.runId === runId) return push;
  }
  return undefined;
}

async function newSession(
  { clock, limits, random }: MessageContext,
  tx: MessageTransaction,
  pusher: Pusher,
): Promise<PushRecord> {
  const open = (await tx.pushes.of(pusher.nodeId, pusher.runId)).filter(({ state }) =>
    state === "open"
  );
  if (open.length >= limits.maxOpenPushes) {
    throw new FlwrError(
      "resource-exhausted",
      `Node "${pusher.nodeId}" has too many open pushes for run "${pusher.runId}": ${open.length}`,
    );
  }
  const { nodeId, runId } = pusher;
  const session: PushRecord = {
    sessionId: random.uuid(),
    nodeId,
    runId,
    state: "open",
    stagedBytes: 0,
    dueAt: clock.now() + limits.pushSessionSeconds,
  };
  await tx.pushes.put(session);
  return session;
}

/** Records the objects that messages need, which protects stored ones from removal. @returns the missing ones */
async function recordObjects(
  tx: MessageTransaction,
  sessionId: string,
  waiting: readonly WaitingMessage[],
): Promise<ObjectId[]> {
  const missing: ObjectId[] = [];
  const seen = new Set<ObjectId>();
  const known = new NewTrees(tx);
  await known.expect(waiting.flatMap(({ messageId, tree }) => [messageId, ...tree.keys()]));
  const visit = async (id: ObjectId, tree: ObjectTree): Promise<void> => {
    if (seen.has(id)) return;
    seen.add(id);
    const counters = await known.standing(id);
    if (counters?.waits === 0) return;
    if (counters === undefined) missing.push(id);
    // The children of a stored object are those in its bytes, whatever was announced.
    const children = counters === undefined ? tree.get(id) : await tx.objects.childrenOf(id);
    for (const child of children ?? []) await visit(child, tree);
  };
  for (const { messageId, tree } of waiting) await visit(messageId, tree);
  await tx.pushes.addObjects(sessionId, [...seen]);
  return missing;
}

/** See Messages.putObject. */
export async function putObject(
  context: MessageContext,
  pusher: Pusher & { readonly sessionId: string },
  object: LinkObject,
  message?: NewLinkMessage,
): Promise<boolean> {
  const placed = await placeExpected(context, pusher, object, message);
  const { stored, finished } = await context.transact(
    "relaxed",
    (tx, effects) => {
      context.large?.requireFresh([placed]);
      return storeObject(context, tx, effects, pusher, placed, message);
    },
  );
  if (placed !== object) await discardUnused(context, [placed]);
  await settlePushes(context, finished);
  return stored;
}

/** Writes an object to the object store if it is large, and if an open push of the caller still lacks it. */
async function placeExpected(
  context: MessageContext,
  pusher: Pusher & { readonly sessionId: string },
  object: LinkObject,
  message: NewLinkMessage | undefined,
): Promise<PlacedObject> {
  const { large } = context;
  if (!large?.isLarge(object)) return object;
  const isExpected = await context.transact(
    "read-only",
    async (tx, effects) =>
      (await expectObject(context, tx, effects, pusher, object, message))?.isNew,
  );
  if (!isExpected) return object;
  const [placed] = await large.put([object]);
  return placed!;
}

/**
 * The caller's pushes that announced an object, and whether the object is missing.
 *
 * @returns undefined if the object must not be stored
 * @throws resource-exhausted if there is no space for it
 */
async function expectObject(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  pusher: Pusher & { readonly sessionId: string },
  object: LinkObject,
  message: NewLinkMessage | undefined,
): Promise<{ pushes: PushRecord[]; isNew: boolean } | undefined> {
  const pushes = await findPushes(context, tx, pusher, object.id);
  const [push] = pushes;
  if (push === undefined) return undefined;
  const isNew = push.state === "open" && await tx.objects.counters(object.id) === undefined;
  if (isNew) {
    if (message !== undefined && !await wasAnnounced(tx, message)) return undefined;
    await requireSpace(context, tx, effects, pusher, object.bytes.length);
  }
  return { pushes, isNew };
}

/** Stores an object for the pushes that announced it. `finished`: pushes that have no waiting message left. */
async function storeObject(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  pusher: Pusher & { readonly sessionId: string },
  object: PlacedObject,
  message: NewLinkMessage | undefined,
): Promise<{ stored: boolean; finished: readonly string[] }> {
  const { clock, limits, staged, traffic } = context;
  const expected = await expectObject(context, tx, effects, pusher, object, message);
  if (expected === undefined) return { stored: false, finished: [] };
  const { pushes, isNew } = expected;
  const push = pushes[0]!;
  if (isNew) staged.add(effects, push.sessionId, object.bytes.length);
  // Not for every object of a fast push, because each update writes another database page.
  const dueAt = clock.now() + limits.pushSessionSeconds;
  for (const each of pushes) {
    const isMuch = staged.isMuch(effects, each, limits.maxOpenPushBytes);
    if (isMuch || dueAt - each.dueAt >= REFRESH_SECONDS) {
      await tx.pushes.put(staged.saved(effects, { ...each, dueAt }));
    }
  }
  const completed = isNew ? await addObjects(tx, [object]) : [];
  const finished = await acceptCompleteMessages(context, tx, effects, completed);
  traffic.receive(effects, push.runId, object.bytes.length);
  if (finished.length > 0) await traffic.save(tx, effects, push.runId);
  return { stored: true, finished };
}

/**
 * Whether a message was announced with the run, sender, receiver and instruction that its own object names. The
 * receiver reads them from the object, so a difference would let a sender forge them.
 */
async function wasAnnounced(tx: MessageTransaction, said: NewLinkMessage): Promise<boolean> {
  const announced = (await tx.pushes.message(said.messageId))?.message;
  return announced !== undefined && hasSameAddress(said, announced);
}

/**
 * The caller's pushes that announced the object and have not ended: the push that the caller names or, if it names
 * none, all open ones. A settled push matches only if no open push announced the object, because the same object can
 * occur in several replies.
 */
async function findPushes(
  { clock }: MessageContext,
  tx: MessageTransaction,
  { nodeId, runId, sessionId }: Pusher & { readonly sessionId: string },
  id: ObjectId,
): Promise<PushRecord[]> {
  const named = sessionId === "" ? undefined : await tx.pushes.get(sessionId);
  const candidates = sessionId === "" ? await tx.pushes.of(nodeId, runId) : named ? [named] : [];
  const own = candidates.filter((push) =>
    push.nodeId === nodeId && push.runId === runId && push.dueAt > clock.now()
  );
  const open: PushRecord[] = [];
  for (const push of own) {
    if (push.state === "open" && await tx.pushes.hasObject(push.sessionId, id)) open.push(push);
  }
  if (open.length > 0) return open;
  for (const push of own) {
    if (push.state === "settled" && await tx.pushes.hasObject(push.sessionId, id)) return [push];
  }
  return [];
}

/** @throws resource-exhausted */
async function requireSpace(
  { limits, staged }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  pusher: Pusher,
  length: number,
): Promise<void> {
  const open = (await tx.pushes.of(pusher.nodeId, pusher.runId)).filter(({ state }) =>
    state === "open"
  );
  const total = open.reduce((sum, push) => sum + staged.of(effects, push), length);
  if (total > limits.maxOpenPushBytes) {
    throw new FlwrError(
      "resource-exhausted",
      `The open pushes of node "${pusher.nodeId}" for run "${pusher.runId}" would exceed ` +
        `${limits.maxOpenPushBytes} bytes: ${total}`,
    );
  }
}
