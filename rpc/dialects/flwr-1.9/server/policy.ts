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
 * Who may make a call, when the SuperLink admits known keys only:
 * - "key": whoever names a known public key; nothing is signed (the shared secret is not there yet);
 * - "node": the node that joined with the key, proven by the token over the request;
 * - "online-node": the same, and its heartbeats must have come in time;
 * - "open": whoever reaches the port; that wire has no authentication for it.
 */
export type Admission = "key" | "node" | "online-node" | "open";

/** One row of the policy: who may call, and which nodes the request speaks for. */
export interface PolicyRow {
  readonly admission: Admission;
  /** Every node that the request claims to be. Each must be the caller itself. */
  readonly claims: (request: never) => (Node | undefined)[];
}

/** Every call of the 1.9 wire. A test fails when a method has no row. */
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

/** The services of the 1.9 wire that a SuperLink offers. */
export const SERVICES = [Fleet, Driver] as const;

/** The policy's row of a method. @param key its name in the policy */
export function policyOf(key: string): PolicyRow {
  const row = POLICY[key];
  if (row === undefined) throw new TypeError(`No policy for ${key}`);
  return row;
}

/** A method's name in the policy: service and method, as in a gRPC path. */
export function policyKey(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
