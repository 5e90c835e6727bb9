import type { SimulationSettings } from "../../../../entities/simulation.ts";
import type { AppEvent } from "../../../../entities/journal.ts";
import type { ArtifactPiece, CheckpointPiece } from "../../../../entities/artifact.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { InlineObject, OpenedPush } from "../../../../entities/push.ts";
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

/** The task of one app process, identified by its token. */
export interface RuntimeTask {
  readonly taskId: bigint;
  readonly runId: bigint;
  /** Node id of the app: SUPERLINK_NODE_ID for a ServerApp, the node's own id for a ClientApp. */
  readonly nodeId: bigint;
  /** Secret that authorizes its holder to act for the task. */
  readonly token: string;
}

/** A task that was just assigned to a process. */
export interface AssignedTask extends RuntimeTask {
  /** One of the requested types. */
  readonly type: string;
  /** Hash of the task's app bundle. */
  readonly fabHash: string;
  /** When the task was submitted: Unix time in seconds. */
  readonly pendingAt: number;
}

/** The run of a task. */
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
  /** How its nodes are simulated; undefined if they are not. */
  readonly simulation?: SimulationSettings;
  /** As in LinkRun. */
  readonly ownerId?: string;
  readonly ownerName?: string;
}

/** An app bundle (FAB), and its verifications by the id of the signing key. */
export interface TaskFab {
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly hash: string;
  readonly content: Uint8Array;
  readonly verifications: Readonly<Record<string, string>>;
}

/** Input of a task. */
export interface TaskInput {
  readonly run: TaskRun;
  readonly fab: TaskFab;
  /** The node's configuration; empty for a ServerApp. */
  readonly nodeConfig: Readonly<Record<string, LinkScalar>>;
  /**
   * The run's complete configuration for a ClientApp. Empty for a ServerApp, because Flower's derives it from the
   * bundle and `run.overrideConfig`.
   */
  readonly runConfig: Readonly<Record<string, LinkScalar>>;
  /** State that the app kept from its last task of the same series; empty at first. */
  readonly state: RecordDict;
}

/** Outcome of a task. */
export interface TaskEnd {
  readonly outcome: "completed" | "failed";
  /** Why it failed, as text for the user; may be empty. */
  readonly details: string;
  /** State that the app keeps for its next task of the same series; undefined if it ended too early. */
  readonly state?: RecordDict;
  /** Running time of the ClientApp in seconds, if the process sends it. */
  readonly clientAppSeconds?: number;
}

/** A message for the app, with its object tree. */
export interface PulledMessage {
  readonly message: NewLinkMessage;
  readonly tree: ObjectTree;
}

/** How long a call may wait. */
export interface RuntimeHold {
  /** Maximum seconds to wait before an empty response. */
  readonly holdSeconds: number;
  /** Ends the wait when the caller disconnects. */
  readonly signal: AbortSignal;
}

/**
 * Backend of the Runtime API: the SuperLink's domain for ServerApps, or a SuperNode's current message for ClientApps.
 * The handlers translate, and make the checks that need no state: a request speaks for the token's own node and run,
 * an object's bytes match its id, trees and messages are well-formed.
 *
 * Every method rejects with a FlwrError (or ApiError, if Flower has a number for it).
 */
export interface RuntimeBackend {
  /** Returns a token's task; undefined for a token that is invalid or has expired. */
  taskOfToken(token: string): Promise<RuntimeTask | undefined>;
  /** Assigns the oldest pending task of one of the types to a process. */
  acquireTask(types: readonly string[], hold: RuntimeHold): Promise<AssignedTask | undefined>;
  /** Notes that the process is alive. @returns false if the task no longer belongs to it */
  heartbeat(task: RuntimeTask): Promise<boolean>;
  /** Begins the task. @throws ApiError "task-not-started" if it has already begun, or cannot */
  beginTask(task: RuntimeTask): Promise<TaskInput>;
  /** Ends the task and invalidates its token. */
  finishTask(task: RuntimeTask, end: TaskEnd): Promise<void>;
  /** Lists online nodes. @throws ApiError "task-call-not-offered" if apps cannot send to nodes */
  nodes(task: RuntimeTask): Promise<readonly LinkNode[]>;
  /**
   * Announces messages of the app, with one tree each: a ServerApp's instructions, or a ClientApp's only reply. They
   * take effect once their objects have arrived.
   *
   * @param brought objects sent inline, if the backend has `pullObjects`
   */
  openPush(
    task: RuntimeTask,
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
    inlineObjects?: ReadonlyMap<ObjectId, InlineObject>,
  ): Promise<OpenedPush>;
  /** Stores an object that an open push waits for. @returns false if none does */
  putObject(task: RuntimeTask, sessionId: string, object: LinkObject): Promise<boolean>;
  /**
   * Pulls messages for the app. For a ServerApp: replies to the given instructions, as soon as there is one. For a
   * ClientApp, which names none: its one instruction.
   *
   * @param lingerSeconds how long to wait for the other replies after the first one, for callers that sleep after an
   *   incomplete response
   */
  pullMessages(
    task: RuntimeTask,
    messageIds: readonly string[],
    hold: RuntimeHold & { readonly lingerSeconds: number },
  ): Promise<readonly PulledMessage[]>;
  /** Pulls an object of a message that the app was given. @param makeRoom awaited before its bytes are read */
  pullObject(task: RuntimeTask, id: ObjectId, makeRoom: MakeRoom): Promise<PulledObject>;
  /**
   * Pulls objects of messages that the app was given, for one response. Only a backend with this method supports
   * inline objects.
   */
  pullObjects?(
    task: RuntimeTask,
    wanted: WantedObjects,
    makeRoom: MakeRoom,
  ): Promise<ObjectsTogether>;
  /** Notes that the app has all objects of a message. */
  confirmReceived(task: RuntimeTask, messageId: string): Promise<void>;
  /** Stores the app's output. */
  appendLog(task: RuntimeTask, lines: readonly string[]): Promise<void>;
  /**
   * Stores events of the app: all or none.
   *
   * @throws ApiError "task-call-not-offered" if apps have no events
   */
  addEvents(task: RuntimeTask, events: readonly AppEvent[]): Promise<void>;
  /**
   * Stores a piece of an artifact or of a checkpoint.
   *
   * @returns whether the file is now complete
   * @throws ApiError "task-call-not-offered" if apps cannot save artifacts
   */
  putArtifactPiece(task: RuntimeTask, piece: ArtifactPiece): Promise<boolean>;
  /**
   * Reads a piece of the run's checkpoint.
   *
   * @returns undefined if there is none at this offset
   * @throws ApiError "task-call-not-offered" if apps have no checkpoints
   */
  readCheckpoint(
    task: RuntimeTask,
    name: string,
    offset: number,
  ): Promise<CheckpointPiece | undefined>;
}
