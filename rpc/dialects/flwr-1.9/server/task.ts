import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import type { LinkMessage, MessageDraft } from "../../../../entities/message.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import {
  type Task,
  type TaskIns,
  TaskInsSchema,
  type TaskRes,
  TaskResSchema,
} from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { errorFromWire, errorToWire } from "../error_code.ts";
import { idFromWire, idToWire, nodeFromWire, nodeToWire } from "../node_id.ts";

/** A pushed task: its message, and its content separately. */
export interface PushedTask {
  /** The message without an id, which is known only after the content was stored. */
  readonly message: MessageDraft;
  /** The content, unless the message carries an error. */
  readonly recordSet?: RecordSet;
}

/**
 * Reads an instruction (TaskIns) or a result (TaskRes) that a 1.9 peer pushed.
 *
 * The rules for empty fields are those of Flower 1.9's own check of pushed tasks. The domain checks the relations
 * between messages, nodes and runs.
 *
 * @throws FlwrError "invalid-argument" that names the field
 */
export function readPushedTask(pushed: TaskIns | TaskRes): PushedTask {
  const { task } = pushed;
  if (task === undefined) throw malformed("task", "it is missing");
  if (pushed.taskId !== "") throw malformed("task_id", "the SuperLink assigns it");
  if (task.deliveredAt !== "") throw malformed("delivered_at", "the SuperLink sets it");
  const isResult = pushed.$typeName === "flwr.proto.TaskRes";
  const message = {
    runId: idFromWire(pushed.runId),
    srcNodeId: readNode(task.producer, "producer"),
    dstNodeId: readNode(task.consumer, "consumer"),
    replyToMessageId: readAncestry(task.ancestry, isResult),
    groupId: pushed.groupId,
    messageType: task.taskType,
    createdAt: task.createdAt,
    ttl: task.ttl,
  };
  if (isResult && message.srcNodeId === SUPERLINK_NODE_ID) {
    throw malformed("producer", "it is anonymous, but a result must come from a node");
  }
  if (task.taskType === "") throw malformed("task_type", "it is empty");
  if ((task.recordset === undefined) === (task.error === undefined)) {
    throw malformed("recordset", "exactly one of recordset and error must be set");
  }
  return task.error === undefined
    ? { message, recordSet: task.recordset! }
    : { message: { ...message, error: errorFromWire(task.error) } };
}

/** Converts an instruction for a 1.9 SuperNode. */
export function taskInsToWire(message: LinkMessage, recordSet: RecordSet | undefined): TaskIns {
  return create(TaskInsSchema, wireTask(message, recordSet, []));
}

/** Converts a result for a 1.9 ServerApp. */
export function taskResToWire(message: LinkMessage, recordSet: RecordSet | undefined): TaskRes {
  return create(TaskResSchema, wireTask(message, recordSet, [message.replyToMessageId]));
}

function wireTask(message: LinkMessage, recordset: RecordSet | undefined, ancestry: string[]) {
  const task: Omit<Task, "$typeName"> = {
    producer: nodeToWire(message.srcNodeId),
    consumer: nodeToWire(message.dstNodeId),
    createdAt: message.createdAt,
    deliveredAt: "",
    pushedAt: message.pushedAt,
    ttl: message.ttl,
    ancestry,
    taskType: message.messageType,
    ...(message.error === undefined ? { recordset } : { error: errorToWire(message.error) }),
  };
  return {
    taskId: message.messageId,
    groupId: message.groupId,
    runId: idToWire(message.runId),
    task,
  };
}

function readNode(node: Task["producer"], field: string): bigint {
  const id = nodeFromWire(node);
  if (id === undefined) throw malformed(field, "it is missing, or anonymous with an id");
  return id;
}

function readAncestry(ancestry: readonly string[], isResult: boolean): string {
  if (!isResult) {
    if (ancestry.length === 0) return "";
    throw malformed("ancestry", "it must be empty for an instruction");
  }
  if (ancestry.length === 1 && ancestry[0] !== "") return ancestry[0]!;
  throw malformed("ancestry", "it must name the one task that the result answers");
}

function malformed(field: string, reason: string): FlwrError {
  return new FlwrError("invalid-argument", `Invalid field "${field}" of the task: ${reason}`);
}
