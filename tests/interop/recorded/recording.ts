import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { PushMessagesRequestSchema } from "../../../proto/gen/current/fleet_pb.ts";
import {
  MessageSchema,
  PullObjectRequestSchema,
  PullObjectResponseSchema,
  PushObjectRequestSchema,
} from "../../../proto/gen/current/message_pb.ts";
import { TASK_TOKEN_HEADER } from "../../../rpc/dialects/current/headers.ts";
import { makeObject } from "../../../rpc/objects/object.ts";
import type { Exchange } from "./transcript.ts";

/** An answer, or a request, as JSON: what protobuf and Flower's errors have in common. */
export type Json = { readonly [name: string]: unknown };

/** A run's task: its id, and the token by which its ServerApp is known. */
interface Task {
  readonly taskId: bigint;
  readonly token: string;
}

/** A message as far as it is looked into here. */
export interface RecordedMessage {
  readonly metadata: { runId: string; messageId: string; dstNodeId: string };
}

/** What is known from the whole recording. */
export class Recording {
  /** By the ids of their runs. */
  readonly tasks = new Map<string, Task>();
  /** Runs whose task somebody asked for; the recording leaves out some of what comes again and again. */
  readonly acquired = new Set<string>();
  /** The bytes of every object that went over any road. */
  readonly objects = new Map<string, Uint8Array>();
  /** Sessions with the objects that were pushed in them. */
  readonly #pushed = new Set<string>();
  readonly #pulled = new Set<string>();

  /** Looks through the whole recording. */
  static async of(exchanges: readonly Exchange[]): Promise<Recording> {
    const recording = new Recording(exchanges);
    for (const { method, request } of exchanges) {
      // what went over a road that left the object out can be made from the message itself
      if (method.name === "PushMessages") await recording.#makeObjects(request);
    }
    return recording;
  }

  async #makeObjects(request: Uint8Array): Promise<void> {
    // the fields have the same numbers in both APIs
    const { messagesList, messageObjectTrees } = fromBinary(PushMessagesRequestSchema, request);
    for (const [index, message] of messagesList.entries()) {
      const children = messageObjectTrees[index]!.children.map(({ objectId }) => objectId);
      const metadata = { ...message.metadata!, messageId: "" };
      const body = toBinary(MessageSchema, { ...message, metadata, content: undefined });
      const { id, bytes } = await makeObject("Message", children, body);
      if (id === message.metadata!.messageId) this.objects.set(id, bytes);
    }
  }

  private constructor(exchanges: readonly Exchange[]) {
    for (const exchange of exchanges.filter(({ status }) => status === 200)) {
      const { method, path, request, response } = exchange;
      if (method.name === "PushObject") {
        const { objectId, objectContent, sessionId } = fromBinary(PushObjectRequestSchema, request);
        this.objects.set(objectId, objectContent);
        this.#pushed.add(`${sessionId} ${objectId}`);
      }
      if (method.name === "PullObject") {
        const { objectId } = fromBinary(PullObjectRequestSchema, request);
        const { objectContent } = fromBinary(PullObjectResponseSchema, response);
        this.objects.set(objectId, objectContent);
      }
      if (path === "/v1/fleet/pull-messages") {
        const { messagesList = [] } = answerOf(exchange) as { messagesList?: RecordedMessage[] };
        for (const { metadata } of messagesList) this.#pulled.add(metadata.messageId);
      }
      if (exchange.road !== "serverapp-runtime") continue;
      const answer = answerOf(exchange) as { context?: Json; task?: Json; taskId: string };
      if (path.endsWith("/acquire-task")) this.acquired.add(String(answer.task?.["runId"]));
      if (path.endsWith("/pull-task-input")) {
        const token = exchange.headers.get(TASK_TOKEN_HEADER)!;
        this.tasks.set(String(answer.context!["runId"]), { taskId: BigInt(answer.taskId), token });
      }
    }
  }

  /** Whether a node is seen to get an instruction. */
  wasPulled(messageId: string): boolean {
    return this.#pulled.has(messageId);
  }

  wasPushed(sessionId: string, objectId: string): boolean {
    return this.#pushed.has(`${sessionId} ${objectId}`);
  }
}

/** A good answer. */
export function answerOf({ method, response }: Exchange): Json {
  return toJson(method.output, fromBinary(method.output, response)) as Json;
}
