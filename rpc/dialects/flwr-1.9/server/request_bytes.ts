import type { DescMethod } from "@bufbuild/protobuf";
import { MAX_BATCH_REQUEST_UNITS, MAX_MESSAGE_BYTES, MAX_REQUEST_UNITS } from "../../../limits.ts";
import { MAX_ID_LIST_REQUEST_BYTES, MAX_SMALL_REQUEST_BYTES } from "../limits.ts";

/**
 * The largest request of a method of the 1.9 wire, in bytes. Its nodes sign the request itself, so that a body comes
 * before it is known whose it is: whoever names a listed key sends small ones, but for the results of a node that has
 * joined.
 */
export function legacyRequestBytes({ name }: DescMethod): number {
  switch (name) {
    case "PushTaskIns":
    case "PushTaskRes":
      return MAX_MESSAGE_BYTES;
    case "PullTaskRes":
      return MAX_ID_LIST_REQUEST_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}

/** What decoding a method's request may cost, in the units of `weigh`. A ServerApp sends the tasks of all nodes at once. */
export function legacyRequestUnits({ name }: DescMethod): number {
  return name === "PushTaskIns" || name === "PullTaskRes"
    ? MAX_BATCH_REQUEST_UNITS
    : MAX_REQUEST_UNITS;
}
