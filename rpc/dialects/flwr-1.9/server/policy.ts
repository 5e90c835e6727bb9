import { MAX_BATCH_REQUEST_UNITS, MAX_MESSAGE_BYTES, MAX_REQUEST_UNITS } from "../../../limits.ts";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type DeleteNodeRequest,
  Fleet,
  type PingRequest,
  type PullTaskInsRequest,
  type PushTaskResRequest,
} from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import type { Node } from "../../../../proto/gen/flwr-1.9/node_pb.ts";

/**
 * Who may make a call, if the SuperLink admits only known keys:
 * - "key": callers that send a known public key; nothing is signed, because there is no shared secret yet;
 * - "node": the node that joined with the key, proven by the token over the request;
 * - "online-node": the same, and its heartbeats must have arrived in time;
 * - "open": anyone who reaches the port, because Flower 1.9 has no authentication for the call.
 */
export type Admission = "key" | "node" | "online-node" | "open";

/** One row of the policy: who may call, and which nodes the request speaks for. */
export interface PolicyRow {
  readonly admission: Admission;
  /** Every node that the request claims to be. Each must be the caller itself. */
  readonly claims: (request: never) => (Node | undefined)[];
}

/** Every call of Flower 1.9. A test fails when a method has no row. */
export const POLICY: Readonly<Record<string, PolicyRow>> = {
  "flwr.proto.Fleet/CreateNode": { admission: "key", claims: () => [] },
  "flwr.proto.Fleet/DeleteNode": {
    admission: "node",
    claims: ({ node }: DeleteNodeRequest) => [node],
  },
  "flwr.proto.Fleet/Ping": { admission: "node", claims: ({ node }: PingRequest) => [node] },
  "flwr.proto.Fleet/PullTaskIns": {
    admission: "node",
    claims: ({ node }: PullTaskInsRequest) => [node],
  },
  "flwr.proto.Fleet/PushTaskRes": {
    admission: "node",
    claims: ({ taskResList }: PushTaskResRequest) => taskResList.map(({ task }) => task?.producer),
  },
  "flwr.proto.Fleet/GetRun": { admission: "online-node", claims: () => [] },
  "flwr.proto.Driver/CreateRun": { admission: "open", claims: () => [] },
  "flwr.proto.Driver/GetNodes": { admission: "open", claims: () => [] },
  "flwr.proto.Driver/PushTaskIns": { admission: "open", claims: () => [] },
  "flwr.proto.Driver/PullTaskRes": { admission: "open", claims: () => [] },
};

/** The Flower 1.9 services of a SuperLink. */
export const SERVICES = [Fleet, Driver] as const;

/** Returns a method's row of the policy. @param key its name in the policy */
export function policyOf(key: string): PolicyRow {
  const row = POLICY[key];
  if (row === undefined) throw new TypeError(`No policy for ${key}`);
  return row;
}

/** A method's name in the policy: service and method, as in a gRPC path. */
export function policyKey(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Bytes of a request without an app's message: ids of a node and a run, a number of seconds. */
const MAX_SMALL_REQUEST_BYTES = 64 * 1024;

/** Bytes of a ServerApp's request with task ids: 300,000 of them, 38 bytes each. */
const MAX_ID_LIST_REQUEST_BYTES = 16 * 1024 * 1024;

/**
 * The largest request of a Flower 1.9 method, in bytes. Nodes sign the request itself, so the body arrives before its
 * sender is authenticated. So callers that name a listed key may send only small requests, except for the results of
 * a node that has joined.
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

/**
 * Maximum cost of decoding a method's request, in the units of `weigh`. A ServerApp sends the tasks of all nodes at
 * once.
 */
export function legacyRequestUnits({ name }: DescMethod): number {
  return name === "PushTaskIns" || name === "PullTaskRes"
    ? MAX_BATCH_REQUEST_UNITS
    : MAX_REQUEST_UNITS;
}
