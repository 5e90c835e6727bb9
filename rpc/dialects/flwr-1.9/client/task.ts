import { create } from "@bufbuild/protobuf";
import { Message } from "../../../../app/message.ts";
import type { Metadata } from "../../../../entities/metadata.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { RecordSet } from "../../../../proto/gen/flwr-1.9/recordset_pb.ts";
import {
  type TaskIns,
  TaskInsSchema,
  type TaskRes,
  TaskResSchema,
} from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { recordDictFromWire, recordDictToWire } from "../../record_dict.ts";
import { errorFromWire, errorToWire } from "../error_code.ts";
import { idFromWire, idToWire, nodeFromWire, nodeToWire } from "../node_id.ts";
import { dictToRecordSet, recordSetToDict } from "../recordset.ts";

/** Converts an instruction for a 1.9 SuperLink. */
export function instructionToWire(message: Message, recordSet?: RecordSet): TaskIns {
  return create(TaskInsSchema, messageToWire(message, [], recordSet));
}

/** Converts a reply for a 1.9 SuperLink. */
export function replyToWire(message: Message): TaskRes {
  return create(TaskResSchema, messageToWire(message, [message.metadata.replyToMessageId]));
}

/** Converts a message's records for Flower 1.9; undefined for an error message. */
export function contentToWire(message: Message): RecordSet | undefined {
  return message.hasContent ? dictToRecordSet(recordDictToWire(message.content)) : undefined;
}

/**
 * Converts a message from a 1.9 SuperLink.
 *
 * @throws FlwrError "invalid-argument" for a task that breaks Flower 1.9's rules
 */
export function messageFromWire(pulled: TaskIns | TaskRes): Message {
  const { task } = pulled;
  if (task === undefined) throw malformed(pulled.taskId, "it is empty");
  const metadata: Metadata = {
    runId: idFromWire(pulled.runId),
    messageId: pulled.taskId,
    srcNodeId: readNode(pulled.taskId, task.producer),
    dstNodeId: readNode(pulled.taskId, task.consumer),
    replyToMessageId: task.ancestry[0] ?? "",
    groupId: pulled.groupId,
    messageType: task.taskType,
    createdAt: task.createdAt,
    ttl: task.ttl,
  };
  if (task.error !== undefined) return new Message(metadata, errorFromWire(task.error));
  if (task.recordset === undefined) throw malformed(pulled.taskId, "it has no content");
  return new Message(metadata, recordDictFromWire(recordSetToDict(task.recordset)));
}

function messageToWire(
  message: Message,
  ancestry: string[],
  recordset = contentToWire(message),
) {
  const { metadata, error } = message;
  return {
    groupId: metadata.groupId,
    runId: idToWire(metadata.runId),
    task: {
      producer: nodeToWire(metadata.srcNodeId),
      consumer: nodeToWire(metadata.dstNodeId),
      createdAt: metadata.createdAt,
      ttl: metadata.ttl,
      ancestry,
      taskType: metadata.messageType,
      ...(error === undefined ? { recordset } : { error: errorToWire(error) }),
    },
  };
}

/**
 * Reads a node's id. In error replies that a 1.9 SuperLink creates, the receiver is node 0 without the anonymous
 * mark.
 */
function readNode(taskId: string, node: Parameters<typeof nodeFromWire>[0]): bigint {
  const tolerant = node?.nodeId === 0n ? { ...node, anonymous: true } : node;
  const nodeId = nodeFromWire(tolerant);
  if (nodeId === undefined) throw malformed(taskId, "it names no producer or consumer");
  return nodeId;
}

function malformed(taskId: string, why: string): FlwrError {
  return new FlwrError("invalid-argument", `Task ${taskId} of the SuperLink is malformed: ${why}`);
}
