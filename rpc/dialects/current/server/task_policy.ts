import { MAX_SMALL_REQUEST_BYTES, MAX_TREE_REQUEST_BYTES } from "./fleet_policy.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import { MAX_BATCH_REQUEST_UNITS, MAX_MESSAGE_BYTES, MAX_REQUEST_UNITS } from "../../../limits.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { NodeWork } from "../../../../proto/gen/current/simulation_pb.ts";
import type { DescMethod } from "@bufbuild/protobuf";

/** Bytes of a request with message ids: 200,000 of them, 66 bytes each. */
const MAX_ID_LIST_REQUEST_BYTES = 16 * 1024 * 1024;

/** Bytes of a request with a ServerApp's output: ours send up to 4 MB. */
const MAX_LOG_REQUEST_BYTES = 16 * 1024 * 1024;

/** Bytes of a request with events: ours send up to 500, of at most some kilobytes. */
const MAX_EVENTS_REQUEST_BYTES = 4 * 1024 * 1024;

/** Bytes of a piece of an artifact or a checkpoint: the link's maxArtifactPieceBytes. */
export const MAX_ARTIFACT_PIECE_BYTES = 5 * 1024 * 1024;

/** Bytes of a request with such a piece and its name. */
const MAX_ARTIFACT_REQUEST_BYTES = MAX_ARTIFACT_PIECE_BYTES + 1024;

/**
 * Who may make a call of the Runtime API:
 * - "executor": a program that may acquire tasks, as the SuperLink is configured;
 * - "task": the holder of the token of an unfinished task.
 */
export type TaskAdmission = "executor" | "task";

/** Every call of the Runtime API. A test fails when a method has no row. */
export const TASK_POLICY: Readonly<Record<string, TaskAdmission>> = {
  "/flwr.proto.Runtime/AcquireTask": "executor",
  "/flwr.proto.Runtime/SendTaskHeartbeat": "task",
  "/flwr.proto.Runtime/PullTaskInput": "task",
  "/flwr.proto.Runtime/PushTaskOutput": "task",
  "/flwr.proto.Runtime/PushMessages": "task",
  "/flwr.proto.Runtime/PullMessages": "task",
  "/flwr.proto.Runtime/PushObject": "task",
  "/flwr.proto.Runtime/PullObject": "task",
  "/flwr.proto.Runtime/ConfirmMessageReceived": "task",
  "/flwr.proto.Runtime/GetNodes": "task",
  "/flwr.proto.Runtime/PushLogs": "task",
  "/flwr.proto.Runtime/PushTaskEvents": "task",
  "/flwr.proto.Runtime/PushArtifact": "task",
  "/flwr.proto.Runtime/PushCheckpoint": "task",
  "/flwr.proto.Runtime/PullCheckpoint": "task",
};

/** Returns a method's row of the policy. @param method its gRPC path */
export function taskAdmissionOf(method: string): TaskAdmission {
  const admission = TASK_POLICY[method];
  if (admission === undefined) throw new TypeError(`No policy for ${method}`);
  return admission;
}

/** The largest request of a Runtime API method, in bytes. Acquire-task may come from anyone. */
export function runtimeRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Runtime.method) {
    case "pushObject":
    case "pushMessages":
    case "pushTaskOutput":
      return MAX_MESSAGE_BYTES;
    case "pushTaskEvents":
      return MAX_EVENTS_REQUEST_BYTES;
    case "pushLogs":
      return MAX_LOG_REQUEST_BYTES;
    case "pushArtifact":
    case "pushCheckpoint":
      return MAX_ARTIFACT_REQUEST_BYTES;
    case "pullMessages":
      return MAX_ID_LIST_REQUEST_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}

/**
 * The same limit for a sandboxed app, which announces few messages at a time.
 *
 * @param name name of a method, chosen by the app
 * @returns 0 if there is no such method
 */
export function sandboxRequestBytes(name: string): number {
  if (name === NodeWork.method.runNode.name) return MAX_MESSAGE_BYTES;
  const method = Runtime.methods.find((method) => method.name === name);
  if (method === undefined) return 0;
  return method === Runtime.method.pushMessages
    ? MAX_TREE_REQUEST_BYTES + MAX_ALONG_BYTES
    : runtimeRequestBytes(method);
}

/** Maximum cost of decoding a Runtime API method's request, in the units of `weigh`. */
export function runtimeRequestUnits({ localName }: DescMethod): number {
  switch (localName as keyof typeof Runtime.method) {
    case "pushMessages":
    case "pullMessages":
      return MAX_BATCH_REQUEST_UNITS;
    default:
      return MAX_REQUEST_UNITS;
  }
}
