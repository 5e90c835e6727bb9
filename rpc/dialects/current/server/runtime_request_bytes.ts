import type { DescMethod } from "@bufbuild/protobuf";
import type { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import {
  MAX_ARTIFACT_REQUEST_BYTES,
  MAX_ID_LIST_REQUEST_BYTES,
  MAX_LOG_REQUEST_BYTES,
  MAX_SMALL_REQUEST_BYTES,
  MAX_TREE_REQUEST_BYTES,
} from "./limits.ts";

/** The largest request of a method of the Runtime API, in bytes. What asks for a task comes from anyone. */
export function runtimeRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Runtime.method) {
    case "pushObject":
    case "pushMessages":
    case "pushTaskOutput":
      return MAX_MESSAGE_BYTES;
    case "pushLogs":
      return MAX_LOG_REQUEST_BYTES;
    case "pushArtifact":
      return MAX_ARTIFACT_REQUEST_BYTES;
    case "pullMessages":
      return MAX_ID_LIST_REQUEST_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}

/** The same for an app in a sandbox, which announces few messages at a time. */
export function sandboxRequestBytes(method: DescMethod): number {
  const announces: keyof typeof Runtime.method = "pushMessages";
  return method.localName === announces
    ? MAX_TREE_REQUEST_BYTES + MAX_ALONG_BYTES
    : runtimeRequestBytes(method);
}
