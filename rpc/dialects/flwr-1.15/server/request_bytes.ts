import type { DescMethod } from "@bufbuild/protobuf";
import type { Fleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { MAX_SMALL_REQUEST_BYTES } from "../../current/server/limits.ts";

/** The largest request of a method, in bytes: up to 1.18 a reply comes whole. */
export function olderRequestBytes({ localName }: DescMethod): number {
  const whole: keyof typeof Fleet.method = "pushMessages";
  return localName === whole ? MAX_MESSAGE_BYTES : MAX_SMALL_REQUEST_BYTES;
}
