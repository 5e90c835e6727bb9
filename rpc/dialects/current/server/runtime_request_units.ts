import type { DescMethod } from "@bufbuild/protobuf";
import type { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { MAX_BATCH_REQUEST_UNITS, MAX_REQUEST_UNITS } from "../../../limits.ts";

/** What decoding a method's request of the Runtime API may cost, in the units of `weigh`. */
export function runtimeRequestUnits({ localName }: DescMethod): number {
  switch (localName as keyof typeof Runtime.method) {
    case "pushMessages":
    case "pullMessages":
      return MAX_BATCH_REQUEST_UNITS;
    default:
      return MAX_REQUEST_UNITS;
  }
}
