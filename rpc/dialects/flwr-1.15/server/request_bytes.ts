import type { DescMethod } from "@bufbuild/protobuf";
import type { Fleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { fleetRequestBytes } from "../../current/server/fleet_request_bytes.ts";
import { MAX_SMALL_REQUEST_BYTES } from "../../current/server/limits.ts";
import type { NodeSigner } from "../../current/server/node_authentication.ts";
import { NODE_WIRE } from "../../node_wire.ts";

/** The largest request of a method, in bytes: the reply of a node of 1.15 to 1.18 comes whole, others announce theirs. */
export function olderRequestBytes(method: DescMethod, signer?: Pick<NodeSigner, "wire">): number {
  switch (method.localName as keyof typeof Fleet.method) {
    case "pushMessages":
      return signer?.wire === NODE_WIRE.whole ? MAX_MESSAGE_BYTES : fleetRequestBytes(method);
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}
