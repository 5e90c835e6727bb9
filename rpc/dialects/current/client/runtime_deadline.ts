import type { DescMethod } from "@bufbuild/protobuf";
import {
  CALL_DEADLINE_SECONDS,
  HEARTBEAT_DEADLINE_SECONDS,
  PULL_DEADLINE_SECONDS,
  PUSH_DEADLINE_SECONDS,
} from "./limits.ts";

/** Deadlines in seconds of the Runtime API's methods by name, if they differ from a short call's. */
const DEADLINES: ReadonlyMap<string, number> = new Map([
  ["AcquireTask", PULL_DEADLINE_SECONDS],
  ["SendTaskHeartbeat", HEARTBEAT_DEADLINE_SECONDS],
  ["PullTaskInput", PUSH_DEADLINE_SECONDS],
  ["PushMessages", PUSH_DEADLINE_SECONDS],
  ["PullMessages", PULL_DEADLINE_SECONDS],
  ["PushObject", PUSH_DEADLINE_SECONDS],
  ["PullObject", PUSH_DEADLINE_SECONDS],
  ["PushArtifact", PUSH_DEADLINE_SECONDS],
  ["PushCheckpoint", PUSH_DEADLINE_SECONDS],
  ["PullCheckpoint", PUSH_DEADLINE_SECONDS],
]);

/** The deadline of a Runtime API call, in seconds. */
export function runtimeDeadline({ name }: DescMethod): number {
  return DEADLINES.get(name) ?? CALL_DEADLINE_SECONDS;
}
