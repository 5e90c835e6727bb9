import { create } from "@bufbuild/protobuf";
import type { LinkNode } from "../../../../entities/node.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import { type Federation, FederationSchema } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { NO_ACCOUNT, runToWire } from "../run.ts";
import { nodeInfoToWire } from "./node_info.ts";

/** The only federation of a SuperLink without accounts: every node and every run is in it. */
export const DEFAULT_FEDERATION = `@${NO_ACCOUNT.name}/default`;

/** What `flwr run` of Flower 1.24 and 1.25 calls it, where the user names none. */
const OLDER_NAME = "default";

/**
 * The federation that a request means.
 *
 * @param name empty for the one that there is
 * @throws ApiError "federation-not-found"
 */
export function checkFederation(name: string): string {
  if (["", DEFAULT_FEDERATION, OLDER_NAME].includes(name)) return DEFAULT_FEDERATION;
  throw new ApiError(
    "federation-not-found",
    `Federation "${name}" does not exist: this SuperLink has "${DEFAULT_FEDERATION}"`,
  );
}

/** The federation, with what is in it where that is asked for. */
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
