import type {
  LinkMessage,
  LinkObject,
  NewLinkMessage,
  ObjectId,
  ObjectTree,
} from "./messages/message.ts";
import type { NodeState } from "./nodes/node_state.ts";
import type { RunState } from "./runs/run_state.ts";

/** How long a pull may be held, and what ends it early. */
export interface HoldOptions {
  /** Seconds to wait for work before an empty answer; 0 answers at once. At most limits.maxHoldSeconds. */
  holdSeconds?: number;
  /** Ends the wait: the caller has gone. The answer is then empty, and what was due stays due. */
  signal?: AbortSignal;
}

/** How often a node promises to show that it is alive. */
export interface HeartbeatPromise {
  /** Seconds between two heartbeats, at most. */
  readonly heartbeatInterval: number;
  /** Intervals without a heartbeat after which the node counts as offline; 1 by default. */
  readonly patience?: number;
}

/** A node as the SuperLink knows it. Times are Unix times in seconds. */
export interface LinkNode {
  readonly nodeId: bigint;
  /** The SPKI public key (DER) it authenticates with; undefined without authentication. */
  readonly publicKey?: Uint8Array;
  readonly state: NodeState;
  /** Until when the node counts as online. */
  readonly onlineUntil: number;
  /** Seconds, as last asked for by the node; 0 before it first joined. */
  readonly heartbeatInterval: number;
  /**
   * Who made its key known: the SuperLink's owner, by registerNode, or the node itself, by joining. A SuperLink that
   * authenticates its nodes admits the owner's; the others' keys must be in its list at every call.
   */
  readonly registeredBy: "owner" | "self";
  /**
   * What people call it: as given at its registration by the SuperLink's owner; where there is none, as the owner's list
   * of keys says; else as the node itself says. Not unique.
   */
  readonly name?: string;
  /** "latitude,longitude", as given at its registration. */
  readonly location?: string;
  readonly registeredAt: number;
  readonly activatedAt?: number;
  readonly deactivatedAt?: number;
  readonly unregisteredAt?: number;
  /**
   * How it takes its messages, in the words of the dialect that knows: the domain only keeps it. Undefined until the node
   * has shown it, and after it joined anew.
   */
  readonly wire?: string;
}

/** A node that is online. */
export interface OnlineNode {
  readonly nodeId: bigint;
  /** As LinkNode.name. */
  readonly name?: string;
}

/** A value of a run's configuration: bigint for whole numbers, number for floating-point ones. */
export type LinkScalar = boolean | bigint | number | string | Uint8Array;

/** What a run is made from. */
export interface NewLinkRun {
  /** "publisher/name"; empty for a ServerApp that started itself. */
  readonly fabId: string;
  readonly fabVersion: string;
  /** The FAB that the run runs. Without it the run is "running" from the start. */
  readonly fab?: {
    /** SHA-256 of the content, lower-case hexadecimal. */
    readonly hash: string;
    readonly content: Uint8Array;
    /** SHA-256 of the pieces of its attachments, which must be there. */
    readonly pieces?: readonly string[];
  };
  /** Settings that differ from the FAB's own. */
  readonly overrideConfig?: Readonly<Record<string, LinkScalar>>;
  /** Default "@none/default", the only one that an open SuperLink of Flower has. */
  readonly federation?: string;
  /** The series to go on with; a new one by default. */
  readonly seriesId?: bigint;
}

/** A run as the SuperLink knows it. Times are Unix times in seconds. */
export interface LinkRun {
  readonly runId: bigint;
  readonly fabId: string;
  readonly fabVersion: string;
  /** Empty for a ServerApp that started itself. */
  readonly fabHash: string;
  readonly overrideConfig: Readonly<Record<string, LinkScalar>>;
  readonly federation: string;
  readonly seriesId: bigint;
  /** Id of the one task that a run has here: its ServerApp. */
  readonly taskId: bigint;
  readonly state: RunState;
  /** Why the run ended as it did, for people; empty while there is nothing to say. */
  readonly details: string;
  readonly pendingAt: number;
  readonly startingAt?: number;
  readonly runningAt?: number;
  readonly finishedAt?: number;
  /** When its log was removed, for there were newer ones enough: see limits.maxFinishedLogBytes. */
  readonly logRemovedAt?: number;
  /** When its artifacts were removed, for there were newer ones enough: see limits.maxFinishedArtifactBytes. */
  readonly artifactsRemovedAt?: number;
  /** Bytes of objects that nodes and ServerApp got from, and gave to, the SuperLink. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Seconds that ClientApps worked for the run, summed over all replies. */
  readonly clientAppSeconds: number;
}

/** A run that a process has taken on: it must begin it soon, and then send heartbeats. */
export interface ClaimedRun {
  readonly run: LinkRun;
  /** 256 hexadecimal digits: whoever has it speaks for the run's ServerApp. The SuperLink keeps only its hash. */
  readonly token: string;
}

/** What a run's ServerApp wrote. */
export interface LogPiece {
  /** All that was written since the time asked for, joined as it came: line ends are the writer's. */
  readonly text: string;
  /** Unix time in seconds of the last of it, or the time asked for: ask again from there. */
  readonly latest: number;
  /** Whether nothing more will come: the run has finished. */
  readonly finished: boolean;
}

/** A piece of a file that a run's ServerApp keeps. */
export interface ArtifactPiece {
  /** What base/artifact_name.ts takes. */
  readonly name: string;
  /** Bytes of the whole file: the same with each of its pieces. */
  readonly size: number;
  /** Where in it the piece begins. The pieces come in order; offset 0 begins the file anew. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A file that a run's ServerApp kept, whole. */
export interface LinkArtifact {
  readonly artifactId: bigint;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly crc32: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Unix time in seconds. */
  readonly savedAt: number;
}

/** Messages whose objects come one by one. */
export interface PushedMessages {
  /** Who pushes: a node, or SUPERLINK_NODE_ID for a run's ServerApp. */
  readonly nodeId: bigint;
  readonly runId: bigint;
  /** Instructions from the ServerApp, replies from a node. */
  readonly messages: readonly NewLinkMessage[];
  /** Which objects each of them needs, in the order of the messages; the root is the message's id. */
  readonly trees: readonly ObjectTree[];
  /** Seconds that the ClientApp worked on each reply. */
  readonly clientAppSeconds?: readonly number[];
  /** Objects that come with the announcement, by id; each is in one of the trees. */
  readonly brought?: ReadonlyMap<ObjectId, BroughtObject>;
}

/** An object whose bytes were checked against its id. */
export interface BroughtObject {
  readonly object: LinkObject;
  /** What the object says, when it is a message's own: see LinkService.putObject. */
  readonly message?: NewLinkMessage;
}

/** How a push of messages stands. A message counts once the last of its objects is there. */
export interface OpenedPush {
  /** For each message, in order: undefined where it was taken, or why it was not. */
  readonly refusals: readonly (Refusal | undefined)[];
  /** Objects that are still to be pushed, each once. */
  readonly missing: readonly ObjectId[];
  /** Under which to push them; lives limits.pushSessionSeconds after its last object. Empty when none is missing. */
  readonly sessionId: string;
}

/** Waits until there is room in memory for so many bytes. */
export type MakeRoom = (bytes: number) => Promise<void>;

/** What a pull of one object finds. Messages are handed out whole: what is found is there with its bytes. */
export interface PulledObject {
  /** Whether the SuperLink has it, and the caller may have it. */
  readonly found: boolean;
  /** Its bytes, if it is found. */
  readonly bytes?: Uint8Array;
}

/** Which objects of messages are to be given in one answer. */
export interface WantedObjects {
  /** Ids of messages that the caller was given. */
  readonly messageIds: readonly ObjectId[];
  /** Bytes of all objects together, at most. */
  readonly maxBytes: number;
  /** How many objects, at most. */
  readonly maxObjects: number;
  /** Objects that the caller has with all that is below them. */
  readonly holds?: ReadonlySet<ObjectId>;
}

/** Objects of messages, and how far they reach. */
export interface ObjectsTogether {
  readonly objects: readonly { readonly id: ObjectId; readonly bytes: Uint8Array }[];
  /**
   * How many of the messages, from the first on, have their share: all their objects, or as many as there was room for
   * where a message is larger than one answer. The next would have come whole in an answer of its own.
   */
  readonly served: number;
}

/** An instruction that a node pulled. */
export interface HandedInstruction extends LinkMessage {
  /** The how manieth delivery of it this is. */
  readonly delivery: number;
}

/** Why one message of a push was refused. The others of the same push are not affected. */
export interface Refusal {
  /** What is wrong with it, as a sentence. */
  readonly reason: string;
}

/**
 * The SuperLink's domain: nodes, runs, messages, objects. It knows no wire: dialects translate. Every id it is
 * given was authenticated by its caller; it checks the relations between them.
 *
 * After `close`, every method rejects with "unavailable".
 */
export interface LinkService {
  // Nodes
  /**
   * Registers a node, or brings the holder of the same key back under the same id, at once: also while the node
   * is online (the newcomer takes over). Instructions that were handed to it but never answered are handed out
   * again.
   *
   * @param input `name`: what the node calls itself; checked, and kept until it joins again
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds], or a name that
   *   base/node_name.ts does not take;
   *   permission-denied for a key that was unregistered
   */
  createNode(
    input: { publicKey?: Uint8Array; wire?: string; name?: string } & HeartbeatPromise,
  ): Promise<LinkNode>;
  /**
   * Makes a key known, so that its holder can join.
   *
   * @param input `by` as LinkNode.registeredBy, "owner" by default
   * @throws already-exists when it is known, or ever was: an unregistered key never comes back
   */
  registerNode(
    input: { publicKey: Uint8Array; name?: string; location?: string; by?: "owner" | "self" },
  ): Promise<LinkNode>;
  /**
   * Ends a node's membership for good; its key is never admitted again.
   *
   * @param by "self" for a node that does so itself: where it had registered itself, too, it is forgotten in time, like
   *   one that is away. "owner" by default
   * @throws not-found
   */
  unregisterNode(nodeId: bigint, by?: "owner" | "self"): Promise<void>;
  /**
   * The holder of a registered key joins, as by createNode.
   *
   * @throws not-found when the key is not registered; permission-denied when it was unregistered;
   *   invalid-argument as createNode
   */
  activateNode(input: { publicKey: Uint8Array } & HeartbeatPromise): Promise<LinkNode>;
  /**
   * The node goes offline by its own word. It stays registered. What it was handed and has not answered waits for
   * its return; whoever asks for the replies is told that the node is unavailable.
   *
   * @throws not-found
   */
  deactivateNode(nodeId: bigint): Promise<void>;
  /**
   * The node leaves. Whoever asks for replies to its unanswered instructions is answered with error
   * NodeUnavailable. With a key, the id is kept for its return; without one, the node is forgotten.
   *
   * @throws not-found
   */
  deleteNode(nodeId: bigint): Promise<void>;
  /**
   * Keeps the node online for another interval; brings an offline one back.
   *
   * @param patience as in HeartbeatPromise
   * @param wire LinkNode.wire from now on; by default that stays
   * @returns false for a node that is not there
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds]
   */
  heartbeat(
    nodeId: bigint,
    heartbeatInterval: number,
    patience?: number,
    wire?: string,
  ): Promise<boolean>;
  /**
   * The node that last joined with this key, also after it left or was unregistered: its state tells. One that registered
   * itself and has been away for limits.absentNodeRetentionSeconds is forgotten: its key is another node's then.
   */
  nodeOfKey(publicKey: Uint8Array): Promise<LinkNode | undefined>;
  /** What {@link noteSigned} noted, by peer. */
  signedUntil(): Promise<ReadonlyMap<string, number>>;
  /**
   * Notes up to which signed time each peer's signatures may have been accepted, in the place of what is there; resolves
   * when that survives the death of the process, where there is a database.
   *
   * @param until Unix times in seconds, by peer
   * @param forgetBefore earlier times are of no use any more
   */
  noteSigned(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void>;
  /** All nodes, the unregistered ones included, the earliest registered first. */
  listNodes(): Promise<LinkNode[]>;
  /** Ids of all nodes that are online. */
  onlineNodes(): Promise<bigint[]>;
  /** The same nodes with their names. */
  onlineNames(): Promise<OnlineNode[]>;

  // Runs
  /**
   * Makes a run. With a FAB it is "pending" until someone claims it; without, it is "running", has no token, and only
   * stopRun, failRun and a silence of limits.selfStartedRunSeconds end it. A run that has finished is kept until there
   * are limits.maxFinishedRuns newer ones.
   *
   * @throws not-found for a series that no run is of; failed-precondition when the FAB is not there
   */
  createRun(input: NewLinkRun): Promise<LinkRun>;
  getRun(runId: bigint): Promise<LinkRun | undefined>;
  /** The newest first. @param range how many, after skipping how many */
  listRuns(range: { limit: number; skip: number }): Promise<LinkRun[]>;
  /**
   * Takes on a pending run, the oldest, or the given one: it is "starting" then. Who does not begin it within
   * limits.claimSeconds loses it, and it is "pending" again.
   */
  claimRun(options?: HoldOptions & { runId?: bigint }): Promise<ClaimedRun | undefined>;
  /** The run that a token speaks for; undefined for a token that is not, or no longer, good. */
  runOfToken(token: string): Promise<LinkRun | undefined>;
  /**
   * The ServerApp begins: the run is "running", and has limits.taskTimeoutSeconds for each heartbeat.
   *
   * @returns the run
   * @throws unauthenticated for a token that is not good; failed-precondition when it began before
   */
  beginRun(token: string): Promise<LinkRun>;
  /** The ServerApp is alive. @returns false for a token that is not, or no longer, good */
  runHeartbeat(token: string): Promise<boolean>;
  /**
   * The ServerApp ends its run; the token is void then, and what is left of the run's messages goes. A completed run
   * whose instructions were all answered with errors has failed.
   *
   * @throws unauthenticated for a token that is not good; failed-precondition when a run that has not begun is said
   *   to be completed
   */
  finishRun(
    token: string,
    end: { outcome: "completed" | "failed"; details: string },
  ): Promise<void>;
  /**
   * Ends a run from outside, whoever started it: its token is void, its messages go.
   *
   * @throws not-found; failed-precondition when it has finished
   */
  stopRun(runId: bigint): Promise<void>;
  /** Ends a run that no process could be started for. Without effect on a finished one. */
  failRun(runId: bigint, details: string): Promise<void>;
  /**
   * Keeps what a run's ServerApp wrote; the oldest goes beyond limits.maxLogBytesPerRun, and with the run's end the whole
   * log when those of newer runs are as large as limits.maxFinishedLogBytes.
   *
   * @throws not-found
   */
  appendLog(runId: bigint, lines: readonly string[]): Promise<void>;
  /**
   * What a run's ServerApp wrote after a time, as soon as there is something, or the run has finished.
   *
   * @param after Unix time in seconds, as LogPiece.latest; 0 for everything
   * @throws not-found
   */
  readLog(runId: bigint, after: number, options?: HoldOptions): Promise<LogPiece>;

  // Artifacts
  /**
   * Takes a piece of a file that a running run's ServerApp keeps. The file is there once its last piece is, in the place
   * of an earlier one of its name; a piece that came before is answered as then.
   *
   * @returns whether the file is whole now
   * @throws not-found; failed-precondition when the run is not running, or the piece does not follow the one before;
   *   invalid-argument for a name, size or piece that cannot be; resource-exhausted beyond the limits of a run
   */
  putArtifactPiece(runId: bigint, piece: ArtifactPiece): Promise<boolean>;
  /**
   * The whole files of a run, in the order of their names; none any more when those of newer runs are as large as
   * limits.maxFinishedArtifactBytes.
   *
   * @throws not-found
   */
  listArtifacts(runId: bigint): Promise<LinkArtifact[]>;
  /** The piece of a file that begins at an offset; undefined at its end, and for one that is not there (any more). */
  readArtifactPiece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;

  /** The FAB of that hash: there is one as long as a run that has not finished is of it. */
  getFab(hash: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps a piece of an attachment, a file that travels beside a FAB, until a run's FAB needs it or
   * limits.sparePieceSeconds have passed, and the named ones that are there as long.
   *
   * @param hashes SHA-256 of pieces, lower-case hexadecimal
   * @param content one piece; default: none
   * @returns those of the named ones that are not there
   * @throws invalid-argument for a piece that is empty or too large; resource-exhausted when there is no room
   */
  keepPieces(hashes: readonly string[], content?: Uint8Array): Promise<string[]>;
  /** A piece that the FAB of that hash needs; undefined for any other. */
  getFabPiece(fabHash: string, hash: string): Promise<Uint8Array | undefined>;

  // Messages
  /**
   * Takes instructions with the objects they need, their own objects included, in one transaction; wakes the pulls
   * that wait for them. One that was taken before is answered as then, and not taken twice.
   */
  pushInstructions(
    messages: readonly NewLinkMessage[],
    objects: readonly LinkObject[],
  ): Promise<(LinkMessage | Refusal)[]>;
  /**
   * The oldest instruction that waits for the node; marks it as handed out. Held as the options say, but no longer than
   * until the node joins again: whoever joined last has its place.
   *
   * @throws not-found when the node never joined, has left or was unregistered
   */
  pullInstruction(nodeId: bigint, options?: HoldOptions): Promise<HandedInstruction | undefined>;
  /**
   * Gives an instruction back that could not be delivered (the connection broke while it was being sent). It
   * counts as one of limits.maxDeliveries. Without effect when the instruction is not with that node, or was handed out
   * again since: a connection's end can be noticed long after its node has come on another one.
   */
  returnInstruction(
    nodeId: bigint,
    handed: Pick<HandedInstruction, "messageId" | "delivery">,
  ): Promise<void>;
  /**
   * Takes a node's reply once, with the objects it needs, its own included: another one for the same instruction is
   * refused, the same again is answered as before. `nodeId` is who sends.
   */
  pushReply(
    nodeId: bigint,
    reply: NewLinkMessage,
    objects: readonly LinkObject[],
  ): Promise<LinkMessage | Refusal>;
  /**
   * Replies to the given instructions, as soon as there is one. Asking again for one that was returned gives it
   * again for limits.replyGraceSeconds: an answer lost on the way is not lost for good. Instructions that can no
   * longer be answered (node gone, expired, unknown) come back as error replies, and are final from then on.
   *
   * @param runId the caller is this run's ServerApp, over an API on which it confirms what it received: it knows of
   *   no other run's instructions, and what it was told stays until it confirms it, the instruction expires, or the
   *   run ends, and not only for the grace
   */
  pullReplies(
    messageIds: readonly string[],
    options?: HoldOptions & { runId?: bigint },
  ): Promise<LinkMessage[]>;

  // Messages whose objects come one by one
  /**
   * Announces messages: instructions of a run's ServerApp, or a node's replies. They count, as by pushInstructions
   * and pushReply, once their objects are there: at once when none is missing. Announcing the same message again
   * gives what is still missing: a caller whose answer was lost asks again. Survives a restart of the SuperLink.
   *
   * A message whose objects all come with it, or are there, is taken at once, and durable with the answer.
   *
   * An object that several open pushes lack is asked of each of them, since any may die, and counts for all once it
   * came.
   *
   * @throws resource-exhausted when limits.maxOpenPushes of that caller and run wait for objects
   */
  openPush(push: PushedMessages): Promise<OpenedPush>;
  /**
   * Takes an object that an open push waits for. Its bytes were checked against its id by the caller.
   *
   * @param push sessionId is empty for callers that know of none (Flower before 1.34): any push of theirs
   * @param message what the object says, when it is a message's own: it must be the message that was announced, from and
   *   to the same, in answer to the same. Without it that is the caller's to check
   * @returns false when no push of that caller and run announced the object; true also for one that came before
   * @throws resource-exhausted when the caller's open pushes for the run have brought limits.maxOpenPushBytes
   */
  putObject(
    push: { nodeId: bigint; runId: bigint; sessionId: string },
    object: LinkObject,
    message?: NewLinkMessage,
  ): Promise<boolean>;
  /**
   * An object of a message that the caller was given: an instruction handed out to the node, or a reply told to the
   * run's ServerApp (`nodeId` SUPERLINK_NODE_ID).
   *
   * @param makeRoom waited for before the bytes are read; without it they are read at once
   * @throws what `makeRoom` throws
   */
  pullObject(
    caller: { nodeId: bigint; runId: bigint },
    id: ObjectId,
    makeRoom?: MakeRoom,
  ): Promise<PulledObject>;
  /**
   * Objects of messages that the caller was given, as by pullObject, in one answer.
   *
   * @param makeRoom waited for before their bytes are read
   * @throws what `makeRoom` throws
   */
  pullObjects(
    caller: { nodeId: bigint; runId: bigint },
    wanted: WantedObjects,
    makeRoom: MakeRoom,
  ): Promise<ObjectsTogether>;
  /**
   * The caller has all objects of a message. A reply's are let go; an instruction's stay until it is answered, for
   * its node may die first.
   */
  confirmReceived(caller: { nodeId: bigint; runId: bigint }, messageId: string): Promise<void>;

  // Objects
  /** Which objects a root is made of, the root first, for a message just pulled. @throws not-found */
  treeOf(root: ObjectId): Promise<ObjectTree>;
  /**
   * The objects under a root, children first, each once, for a message just pulled. An instruction's are there
   * until it is answered, a reply's until its grace ends.
   *
   * @param runId the run as whose traffic the bytes count, if any
   * @throws not-found
   */
  objectTree(root: ObjectId, runId?: bigint): Promise<LinkObject[]>;

  /** Ends all held pulls and closes the store. Calling it again has no effect. */
  close(): Promise<void>;
}

/** Tells a refusal from an accepted message. */
export function isRefusal(outcome: LinkMessage | Refusal): outcome is Refusal {
  return "reason" in outcome;
}
