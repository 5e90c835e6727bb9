import { create } from "@bufbuild/protobuf";
import type { LinkNode } from "../../../../entities/node.ts";
import { DEFAULT_FEDERATION, type LinkRun } from "../../../../entities/run.ts";
import { type Federation, FederationSchema } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { NO_ACCOUNT, runToWire } from "../run.ts";
import { nodeInfoToWire } from "./node_info.ts";

/** Its name in `flwr run` of Flower 1.24 and 1.25, if the user names none. */
const OLDER_NAME = "default";

/**
 * Resolves the federation of a request.
 *
 * @param name empty for the only one
 * @throws ApiError "federation-not-found"
 */
export function resolveFederation(name: string): string {
  if (["", DEFAULT_FEDERATION, OLDER_NAME].includes(name)) return DEFAULT_FEDERATION;
  throw new ApiError(
    "federation-not-found",
    `Federation "${name}" does not exist: this SuperLink has "${DEFAULT_FEDERATION}"`,
  );
}

/** Converts the federation to protobuf, with its nodes and runs if given. */
export function federationToWire(
  contents: { readonly nodes: readonly LinkNode[]; readonly runs: readonly LinkRun[] } = {
    nodes: [],
    runs: [],
  },
): Federation {
  return create(FederationSchema, {
    name: DEFAULT_FEDERATION,
    description: "All nodes and runs of this SuperLink",
    members: [{ account: NO_ACCOUNT, role: "owner" }],
    memberCount: 1,
    nodes: contents.nodes.map(nodeInfoToWire),
    runs: contents.runs.map(runToWire),
  });
}
