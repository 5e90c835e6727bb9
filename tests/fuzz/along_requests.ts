import { create, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AlongRequestSchema } from "../../proto/gen/current/along_pb.ts";
import {
  PullMessagesRequestSchema,
  PushMessagesRequestSchema,
} from "../../proto/gen/current/fleet_pb.ts";
import { PushObjectRequestSchema } from "../../proto/gen/current/message_pb.ts";
import type { Exchange } from "../interop/recorded/transcript.ts";

/** How many objects a push brings at most: its request is spoilt and sent again many times. */
const MOST = 40;

/**
 * Recorded announcements and pulls once more with what our programs add to them: the objects that were pushed one by one,
 * and a word on what the answer may bring. The fields of both APIs have the same numbers.
 */
export function alongRequests(exchanges: readonly Exchange[], method: DescMethod): Uint8Array[] {
  const requests = exchanges.filter((exchange) => exchange.method === method);
  if (method.name === "PullMessages") {
    return requests.map(({ request }) => {
      const pull = fromBinary(PullMessagesRequestSchema, request);
      pull.along = create(AlongRequestSchema, {
        takesBytes: 100_000n,
        holds: ["a".repeat(64)],
        emptyHanded: true,
      });
      return toBinary(PullMessagesRequestSchema, pull);
    });
  }
  if (method.name !== "PushMessages") return [];
  const objects = exchanges.filter(({ method: { name } }) => name === "PushObject")
    .map(({ request }) => fromBinary(PushObjectRequestSchema, request));
  return requests.map(({ request }) => {
    const push = fromBinary(PushMessagesRequestSchema, request);
    const announced = new TextDecoder().decode(request);
    const brought = new Map(
      objects.filter(({ objectId }) => announced.includes(objectId))
        .map(({ objectId, objectContent }) => [objectId, objectContent]),
    );
    push.along = create(AlongRequestSchema, {
      objects: Array.from(brought, ([objectId, content]) => ({ objectId, content })).slice(0, MOST),
    });
    return toBinary(PushMessagesRequestSchema, push);
  });
}
