import type { DriverConnection, OnlineNode } from "../../../../app/connection.ts";
import {
  arrayNames,
  fromLegacyReplyMessage,
  toLegacyInstructions,
} from "../../../../app/legacy/messages.ts";
import type { Message } from "../../../../app/message.ts";
import type { MessageId, RunId } from "../../../../entities/metadata.ts";
import type { RecordDict } from "../../../../app/record_dict.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import type { TaskIns } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import type { Channel } from "../../../channel.ts";
import {
  CALL_DEADLINE_SECONDS,
  MAX_CONTENT_BYTES_PER_CALL,
  PULL_DEADLINE_SECONDS,
  PUSH_DEADLINE_SECONDS,
} from "../limits.ts";
import { idToWire, nodeFromWire } from "../node_id.ts";
import { usableName } from "../../node_name.ts";
import { createRun } from "./create_run.ts";
import { contentToWire, instructionToWire, messageFromWire } from "./task.ts";

/**
 * A ServerApp's connection to a SuperLink of Flower 1.8 to 1.14. Nodes of these versions know only the older names of
 * records, so instructions and replies are translated, invisibly to the ServerApp.
 */
export class DriverConnection19 implements DriverConnection {
  readonly #channel: Channel;
  /** Array names of each unanswered instruction, because nodes in Python number the arrays of their replies. */
  readonly #arrayNames = new Map<MessageId, string[] | undefined>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  async createRun(): Promise<RunId> {
    return (await createRun(this.#channel, false)).runId;
  }

  async nodes(runId: RunId): Promise<OnlineNode[]> {
    const { response } = await this.#channel.call(
      Driver.method.getNodes,
      { runId: idToWire(runId) },
      { timeoutSeconds: CALL_DEADLINE_SECONDS },
    );
    return response.nodes.flatMap((node, place) => {
      const nodeId = nodeFromWire(node);
      return nodeId === undefined ? [] : { nodeId, ...usableName(response.names[place]) };
    });
  }

  async push(
    runId: RunId,
    instructions: readonly Message[],
  ): Promise<(MessageId | undefined)[]> {
    const ids: (MessageId | undefined)[] = [];
    for (const taskInsList of pushes(runId, toLegacyInstructions(instructions))) {
      const { response } = await this.#channel.call(Driver.method.pushTaskIns, { taskInsList }, {
        timeoutSeconds: PUSH_DEADLINE_SECONDS,
      });
      ids.push(...taskInsList.map((_, index) => response.taskIds[index] || undefined));
    }
    ids.forEach((id, index) => {
      if (id !== undefined) this.#arrayNames.set(id, arrayNames(instructions[index]!));
    });
    return ids;
  }

  async pull(
    _runId: RunId,
    ids: readonly MessageId[],
    signal?: AbortSignal,
  ): Promise<Message[]> {
    const { response } = await this.#channel.call(
      Driver.method.pullTaskRes,
      { node: { nodeId: 0n, anonymous: true }, taskIds: [...ids] },
      { timeoutSeconds: PULL_DEADLINE_SECONDS, ...(signal && { signal }) },
    );
    return response.taskResList.map((taskRes) => {
      const reply = messageFromWire(taskRes);
      const instructionId = reply.metadata.replyToMessageId;
      const names = this.#arrayNames.get(instructionId);
      this.#arrayNames.delete(instructionId);
      return fromLegacyReplyMessage(reply, names);
    });
  }

  close(): void {
    this.#channel.close();
  }
}

/** Converts instructions to tasks, divided into calls of limited size. Content shared by messages is encoded once. */
function* pushes(runId: RunId, messages: readonly Message[]): Generator<TaskIns[]> {
  const encoded = new Map<RecordDict, RecordSet | undefined>();
  let batch: TaskIns[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.hasContent ? contentBytes(message.content) : 0;
    if (batch.length > 0 && bytes + size > MAX_CONTENT_BYTES_PER_CALL) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    if (message.hasContent && !encoded.has(message.content)) {
      encoded.set(message.content, contentToWire(message));
    }
    const recordSet = message.hasContent ? encoded.get(message.content) : undefined;
    batch.push(instructionToWire(message.withMetadata({ runId }), recordSet));
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Approximate size of a message's content: the bytes of its arrays; the rest is small. */
function contentBytes(content: RecordDict): number {
  let bytes = 0;
  for (const arrays of content.arrayRecords.values()) bytes += arrays.byteLength;
  return bytes;
}
