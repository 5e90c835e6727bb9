import type { DescMethod } from "@bufbuild/protobuf";
import type { Control } from "../../../../proto/gen/current/control_pb.ts";
import {
  MAX_ATTACHMENT_REQUEST_BYTES,
  MAX_SMALL_REQUEST_BYTES,
  MAX_START_RUN_BYTES,
} from "./limits.ts";

/** The largest request of a method of the Control API, in bytes: it has no accounts, whoever reaches it may send one. */
export function controlRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Control.method) {
    case "startRun":
      return MAX_START_RUN_BYTES;
    case "pushAttachment":
      return MAX_ATTACHMENT_REQUEST_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}
