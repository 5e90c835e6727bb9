import type { DescMethod } from "@bufbuild/protobuf";
import type { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import { MAX_SMALL_REQUEST_BYTES, MAX_TREE_REQUEST_BYTES } from "./limits.ts";

/** The largest request of a method of the Fleet API, in bytes. Flower has no such limits; its nodes keep to these. */
export function fleetRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Fleet.method) {
    case "pushMessages":
      return MAX_TREE_REQUEST_BYTES + MAX_ALONG_BYTES;
    case "pushObject":
      return MAX_MESSAGE_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}
