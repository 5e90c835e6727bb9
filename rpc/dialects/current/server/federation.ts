import { create } from "@bufbuild/protobuf";
import type { LinkNode } from "../../../../entities/node.ts";
import { DEFAULT_FEDERATION, type LinkRun } from "../../../../entities/run.ts";
import { type Federation, FederationSchema } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { SimulationSettings } from "../../../../entities/simulation.ts";
import { type AccountIdentity, NO_ACCOUNT } from "../../../../entities/account.ts";
import { runToWire } from "../run.ts";
import { simulationToWire } from "../simulation.ts";
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

/** What is told of the federation. */
export interface FederationContents {
  readonly nodes?: readonly LinkNode[];
  readonly runs?: readonly LinkRun[];
  /** Whether its nodes are simulated. */
  readonly isSimulated: boolean;
  /** How, if someone has set that. */
  readonly settings?: SimulationSettings | undefined;
  /** The caller. Default: the account of everyone. */
  readonly member?: AccountIdentity | undefined;
}

/** Converts the federation to protobuf. */
export function federationToWire(
  { nodes = [], runs = [], isSimulated, settings, member = NO_ACCOUNT }: FederationContents,
): Federation {
  return create(FederationSchema, {
    name: DEFAULT_FEDERATION,
    description: "All nodes and runs of this SuperLink",
    members: [{ account: { id: member.id, name: member.name }, role: "owner" }],
    memberCount: 1,
    nodes: nodes.map(nodeInfoToWire),
    runs: runs.map(runToWire),
    simulation: isSimulated,
    ...(settings && { config: simulationToWire(settings) }),
  });
}
