/**
 * Who may make a call of the Runtime API:
 * - "executor": a program that may take on tasks, as the SuperLink was configured;
 * - "task": whoever has the token of a task that is not over.
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
  "/flwr.proto.Runtime/PushArtifact": "task",
};

/** The policy's row of a method. @param method its gRPC path */
export function taskAdmissionOf(method: string): TaskAdmission {
  const admission = TASK_POLICY[method];
  if (admission === undefined) throw new TypeError(`No policy for ${method}`);
  return admission;
}
