import { FlwrError } from "../../../../base/error.ts";
import type { Control, NotOfferedSchema } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError, type ApiErrorName } from "../../../api_error.ts";

/** Calls of the Control API that are always refused. */
export type NotOfferedCall = {
  [K in keyof typeof Control["method"]]: typeof Control["method"][K]["input"] extends
    typeof NotOfferedSchema ? K : never;
}[keyof typeof Control["method"]];

/** Why a call is not supported. */
interface Lack {
  /** Flower's error, if its open-source SuperLink refuses the call too. */
  readonly api?: ApiErrorName;
  readonly reason: string;
}

const FEDERATIONS: Lack = {
  api: "federation-management-not-offered",
  reason: "it has one federation, which contains every node and every run",
};
const SERIES: Lack = { reason: "it does not store conversations of agents" };
const AUTOMATIONS: Lack = { reason: "it has no scheduled runs" };
const HUB: Lack = { reason: "it runs submitted apps, and has no app collection" };
const CONNECTORS: Lack = { reason: "it does not connect apps to other services" };

/** The missing feature of each call. The type checker finds a call without a row. */
const LACKS: Readonly<Record<NotOfferedCall, Lack>> = {
  createFederation: FEDERATIONS,
  archiveFederation: FEDERATIONS,
  setFederationIcon: FEDERATIONS,
  addNodeToFederation: FEDERATIONS,
  removeNodeFromFederation: FEDERATIONS,
  removeAccountFromFederation: FEDERATIONS,
  createInvitation: FEDERATIONS,
  listInvitations: FEDERATIONS,
  acceptInvitation: FEDERATIONS,
  rejectInvitation: FEDERATIONS,
  revokeInvitation: FEDERATIONS,
  listRunSeries: SERIES,
  getRunSeries: SERIES,
  updateRunSeriesDescription: SERIES,
  listRunSeriesEvents: SERIES,
  startAutomation: AUTOMATIONS,
  listAutomations: AUTOMATIONS,
  stopAutomation: AUTOMATIONS,
  listApps: HUB,
  listAppAssociations: HUB,
  addApp: HUB,
  removeApp: HUB,
  listConnectors: CONNECTORS,
  disconnectConnector: CONNECTORS,
  beginConnectorOAuth: CONNECTORS,
  completeConnectorOAuth: CONNECTORS,
};

/** Creates handlers that refuse these calls with the reason. */
export function notOfferedHandlers(): Record<NotOfferedCall, () => Promise<never>> {
  const entries = Object.entries(LACKS).map(([call, lack]) => [
    call,
    () => Promise.reject(refusal(lack)),
  ]);
  return Object.fromEntries(entries);
}

function refusal({ api, reason }: Lack): FlwrError {
  const message = `This SuperLink does not support that: ${reason}`;
  return api === undefined ? new FlwrError("unimplemented", message) : new ApiError(api, message);
}
