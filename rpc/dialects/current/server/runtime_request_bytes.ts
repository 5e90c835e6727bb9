import type { DescMethod } from "@bufbuild/protobuf";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { MAX_ARTIFACT_REQUEST_BYTES } from "./limits.ts";

/** The largest request of a method of the Runtime API, in bytes. */
export function runtimeRequestBytes({ name }: DescMethod): number {
  return name === Runtime.method.pushArtifact.name ? MAX_ARTIFACT_REQUEST_BYTES : MAX_MESSAGE_BYTES;
}
