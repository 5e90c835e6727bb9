import type { ArtifactPiece } from "../../../../entities/artifact.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { BroughtObject, OpenedPush } from "../../../../entities/push.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import type {
  LinkObject,
  MakeRoom,
  ObjectId,
  ObjectsTogether,
  ObjectTree,
  PulledObject,
  WantedObjects,
} from "../../../../entities/object.ts";
import type { LinkScalar } from "../../../../entities/run.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";

/** A piece of work for one app process, as its token names it. */
export interface RuntimeTask {
  readonly taskId: bigint;
  readonly runId: bigint;
  /** Under which the app sends: SUPERLINK_NODE_ID for a ServerApp, the node's own id for a ClientApp. */
  readonly nodeId: bigint;
  /** Whoever has it speaks for the task. */
  readonly token: string;
}

/** A task that a process has just taken on. */
export interface AcquiredTask extends RuntimeTask {
  /** One of the types that the process asked for. */
  readonly type: string;
  /** Hash of the app bundle that the task needs. */
  readonly fabHash: string;
  /** Since when the task waits: Unix time in seconds. */
  readonly pendingAt: number;
}

/** The run that a task works for. */
export interface TaskRun {
  readonly runId: bigint;
  /** "publisher/name". */
  readonly fabId: string;
  readonly fabVersion: string;
  /** SHA-256 of the bundle, lower-case hexadecimal. */
  readonly fabHash: string;
  /** Settings that differ from the bundle's own. */
  readonly overrideConfig: Readonly<Record<string, LinkScalar>>;
  readonly federation: string;
  readonly seriesId: bigint;
}

/** An app bundle (FAB), with who vouches for it by the id of the signing key. */
export interface TaskFab {
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly hash: string;
  readonly content: Uint8Array;
  readonly verifications: Readonly<Record<string, string>>;
}

/** What an app begins with. */
export interface TaskInput {
  readonly run: TaskRun;
  readonly fab: TaskFab;
  /** How the node was started; empty for a ServerApp. */
  readonly nodeConfig: Readonly<Record<string, LinkScalar>>;
  /**
   * The run's whole configuration for a ClientApp. Empty for a ServerApp: Flower's own puts it together from the bundle
   * and `run.overrideConfig`.
   */
  readonly runConfig: Readonly<Record<string, LinkScalar>>;
  /** What the app kept from its last task of the same series; empty at first. */
  readonly state: RecordDict;
}

/** How a task ended. */
export interface TaskEnd {
  readonly outcome: "completed" | "failed";
  /** Why it failed, for people; empty when there is nothing to say. */
  readonly details: string;
  /** What the app keeps for its next task of the same series; undefined when it did not get that far. */
  readonly state?: RecordDict;
  /** Seconds that the ClientApp worked, where the process tells. */
  readonly clientAppSeconds?: number;
}

/** A message for the app, with which objects it needs. */
export interface PulledMessage {
  readonly message: NewLinkMessage;
  readonly tree: ObjectTree;
}

/** How long a call may be held. */
export interface RuntimeHold {
  /** Seconds to wait for something before an empty answer. */
  readonly holdSeconds: number;
  /** Ends the wait: the caller has gone. */
  readonly signal: AbortSignal;
}

/**
 * What the Runtime API is served from: the SuperLink's domain for ServerApps, or a SuperNode's present message for
 * ClientApps. The handlers over it translate and check what needs no state: that a request speaks for the token's own
 * node and run, that an object's bytes are its id's, that trees and messages are well-formed.
 *
 * Every method rejects with a FlwrError (or ApiError, where Flower has a number for it).
 */
export interface RuntimeBackend {
  /** The task that a token speaks for; undefined for one that is not, or no longer, good. */
  taskOfToken(token: string): Promise<RuntimeTask | undefined>;
  /** Gives the oldest task that waits to a process, unless it cannot do any such. */
  acquireTask(types: readonly string[], hold: RuntimeHold): Promise<AcquiredTask | undefined>;
  /** The process is alive. @returns false when the task is not its any more */
  heartbeat(task: RuntimeTask): Promise<boolean>;
  /** The process begins. @throws ApiError "task-not-started" when it began before, or cannot */
  beginTask(task: RuntimeTask): Promise<TaskInput>;
  /** The process ends its task; the token is void then. */
  finishTask(task: RuntimeTask, end: TaskEnd): Promise<void>;
  /** Nodes that are online. @throws ApiError "task-call-not-offered" where apps send to none */
  nodes(task: RuntimeTask): Promise<readonly LinkNode[]>;
  /**
   * Announces messages of the app, one tree each: a ServerApp's instructions, or a ClientApp's only reply. They count
   * once their objects are there.
   *
   * @param brought objects that come with them, where the backend has `pullObjects`
   */
  openPush(
    task: RuntimeTask,
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
    brought?: ReadonlyMap<ObjectId, BroughtObject>,
  ): Promise<OpenedPush>;
  /** Takes an object that an open push waits for. @returns false when none does */
  putObject(task: RuntimeTask, sessionId: string, object: LinkObject): Promise<boolean>;
  /**
   * Messages for the app: replies to the given instructions of a ServerApp as soon as there is one, or, for a ClientApp,
   * which names none, its one instruction.
   *
   * @param lingerSeconds how long to wait for the rest of the replies once there is one: for callers that sleep after
   *   an answer that does not have all
   */
  pullMessages(
    task: RuntimeTask,
    messageIds: readonly string[],
    hold: RuntimeHold & { readonly lingerSeconds: number },
  ): Promise<readonly PulledMessage[]>;
  /** An object of a message that the app was given. @param makeRoom waited for before its bytes are read */
  pullObject(task: RuntimeTask, id: ObjectId, makeRoom: MakeRoom): Promise<PulledObject>;
  /**
   * Objects of messages that the app was given, in one answer. Only a backend that has it lets objects travel with the
   * calls that announce them.
   */
  pullObjects?(
    task: RuntimeTask,
    wanted: WantedObjects,
    makeRoom: MakeRoom,
  ): Promise<ObjectsTogether>;
  /** The app has all objects of a message. */
  confirmReceived(task: RuntimeTask, messageId: string): Promise<void>;
  /** Keeps what the app wrote. */
  appendLog(task: RuntimeTask, lines: readonly string[]): Promise<void>;
  /**
   * Takes a piece of a file that the app keeps.
   *
   * @returns whether the file is whole now
   * @throws ApiError "task-call-not-offered" where apps keep none
   */
  putArtifactPiece(task: RuntimeTask, piece: ArtifactPiece): Promise<boolean>;
}
