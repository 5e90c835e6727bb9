import { create } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import type { Message } from "../../../../app/message.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { ArtifactPiece, CheckpointPiece } from "../../../../entities/artifact.ts";
import type { AppEvent } from "../../../../entities/journal.ts";
import type { NewLinkMessage } from "../../../../entities/message.ts";
import type { OpenedPush } from "../../../../entities/push.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import type {
  LinkObject,
  ObjectId,
  ObjectTree,
  PulledObject,
} from "../../../../entities/object.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { RecordDictSchema } from "../../../../proto/gen/current/recorddict_pb.ts";
import { parseMessageObject } from "../../../objects/message.ts";
import { bindService } from "../../../service.ts";
import { deflateMessages } from "../client/message_objects.ts";
import { treeFromWire } from "../object_tree.ts";
import type {
  AssignedTask,
  PulledMessage,
  RuntimeBackend,
  RuntimeHold,
  RuntimeTask,
  TaskEnd,
  TaskInput,
} from "../server/runtime_backend.ts";
import { runtimeHandlers } from "../server/runtime_service.ts";
import { taskAuthentication } from "../server/task_authentication.ts";
import { DirectChannel } from "./direct_channel.ts";

const FAB = new TextEncoder().encode("an app");
const FAB_HASH = createHash("sha256").update(FAB).digest("hex");

/** An in-memory server with one ServerApp's task, whose fields tests may change. */
export class FakeBackend implements RuntimeBackend {
  task: AssignedTask = {
    taskId: 5n,
    runId: 7n,
    nodeId: SUPERLINK_NODE_ID,
    token: "ab".repeat(128),
    type: "flwr-serverapp",
    fabHash: FAB_HASH,
    pendingAt: 1_800_000_000,
  };
  fab = { hash: FAB_HASH, content: FAB, verifications: { key: "{}" } };
  /** Whether the token is valid. */
  good = true;
  begun = false;
  end: TaskEnd | undefined;
  heartbeats = 0;
  online: LinkNode[] = [];
  readonly log: string[] = [];
  readonly events: AppEvent[] = [];
  readonly pieces: ArtifactPiece[] = [];
  readonly objects = new Map<ObjectId, LinkObject>();
  /** Announced instructions by id. */
  readonly messages = new Map<ObjectId, NewLinkMessage>();
  /** Nodes whose messages are refused. */
  readonly refused = new Set<bigint>();
  readonly confirmed: string[] = [];
  /** How many of the next object pushes are refused, as if their session had ended. */
  forgetful = 0;
  /** `lingerSeconds` of the last pull. */
  lingerSeconds: number | undefined;
  readonly #replies = new Map<string, PulledMessage>();
  readonly #waiting = new Set<() => void>();

  /** Opens a channel to this server. */
  channel(options?: ConstructorParameters<typeof DirectChannel>[1]): DirectChannel {
    const binding = bindService(Runtime, {
      ...taskAuthentication({ backend: this, executors: "this-machine" }),
      handlers: runtimeHandlers(this),
    });
    return new DirectChannel(binding, options);
  }

  /** Adds a reply to an instruction. @param lost selects objects that never arrive */
  async reply(reply: Message, lost: (object: LinkObject) => boolean = () => false): Promise<void> {
    const [{ wire, tree, objects, id }] = await deflateMessages([reply]) as [
      Awaited<ReturnType<typeof deflateMessages>>[number],
    ];
    for (const object of objects.values()) {
      if (!lost(object)) this.objects.set(object.id, object);
    }
    const message = parseMessageObject(objects.get(id)!);
    this.#replies.set(wire.metadata!.replyToMessageId, { message, tree: treeFromWire(tree) });
    for (const wake of this.#waiting) wake();
  }

  taskOfToken(token: string): Promise<RuntimeTask | undefined> {
    return Promise.resolve(this.good && token === this.task.token ? this.task : undefined);
  }

  acquireTask(types: readonly string[]): Promise<AssignedTask | undefined> {
    return Promise.resolve(types.includes(this.task.type) ? this.task : undefined);
  }

  heartbeat(): Promise<boolean> {
    this.heartbeats++;
    return Promise.resolve(this.good);
  }

  beginTask({ runId }: RuntimeTask): Promise<TaskInput> {
    if (this.begun) throw new FlwrError("failed-precondition", "The task has begun");
    this.begun = true;
    return Promise.resolve({
      run: {
        runId,
        fabId: "me/app",
        fabVersion: "1.0.0",
        fabHash: FAB_HASH,
        overrideConfig: { lr: 0.5, rounds: 3n },
        federation: "@none/default",
        seriesId: 11n,
      },
      fab: this.fab,
      nodeConfig: { "partition-id": 0n },
      runConfig: {},
      state: create(RecordDictSchema),
    });
  }

  finishTask(_task: RuntimeTask, end: TaskEnd): Promise<void> {
    this.end = end;
    this.good = false;
    return Promise.resolve();
  }

  nodes(): Promise<readonly LinkNode[]> {
    return Promise.resolve(this.online);
  }

  openPush(
    _task: RuntimeTask,
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
  ): Promise<OpenedPush> {
    const refusals = messages.map(({ dstNodeId }) =>
      this.refused.has(dstNodeId)
        ? { code: "node-unknown" as const, reason: "no such node" }
        : undefined
    );
    const taken = messages.filter((_, place) => refusals[place] === undefined);
    for (const message of taken) this.messages.set(message.messageId, message);
    const needed = trees.filter((_, place) => refusals[place] === undefined)
      .flatMap((tree) => [...tree.keys()]);
    const missing = [...new Set(needed)].filter((id) => !this.objects.has(id));
    return Promise.resolve({ refusals, missing, sessionId: "session" });
  }

  putObject(_task: RuntimeTask, sessionId: string, object: LinkObject): Promise<boolean> {
    if (this.forgetful > 0 || sessionId !== "session") {
      this.forgetful--;
      return Promise.resolve(false);
    }
    this.objects.set(object.id, object);
    return Promise.resolve(true);
  }

  async pullMessages(
    _task: RuntimeTask,
    messageIds: readonly string[],
    { signal, lingerSeconds }: RuntimeHold & { readonly lingerSeconds: number },
  ): Promise<readonly PulledMessage[]> {
    this.lingerSeconds = lingerSeconds;
    for (;;) {
      const found = messageIds.filter((id) => this.#replies.has(id));
      const replies = found.map((id) => this.#replies.get(id)!);
      for (const id of found) this.#replies.delete(id);
      if (replies.length > 0 || signal.aborted) return replies;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  pullObject(_task: RuntimeTask, id: ObjectId): Promise<PulledObject> {
    const object = this.objects.get(id);
    return Promise.resolve({ found: object !== undefined, bytes: object?.bytes });
  }

  confirmReceived(_task: RuntimeTask, messageId: string): Promise<void> {
    this.confirmed.push(messageId);
    return Promise.resolve();
  }

  appendLog(_task: RuntimeTask, lines: readonly string[]): Promise<void> {
    this.log.push(...lines);
    return Promise.resolve();
  }

  addEvents(_task: RuntimeTask, events: readonly AppEvent[]): Promise<void> {
    this.events.push(...events);
    return Promise.resolve();
  }

  readCheckpoint(
    _task: RuntimeTask,
    name: string,
    offset: number,
  ): Promise<CheckpointPiece | undefined> {
    const piece = this.pieces.find((piece) =>
      piece.kind === "checkpoint" && piece.name === name && piece.offset === offset
    );
    return Promise.resolve(piece && { size: piece.size, bytes: piece.bytes });
  }

  putArtifactPiece(_task: RuntimeTask, piece: ArtifactPiece): Promise<boolean> {
    this.pieces.push({ ...piece, bytes: new Uint8Array(piece.bytes) });
    return Promise.resolve(piece.offset + piece.bytes.length === piece.size);
  }
}
