import { FlwrError } from "../../../../base/error.ts";
import type { Control, NotOfferedSchema } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError, type ApiErrorName } from "../../../api_error.ts";

/** The calls of the Control API that are refused whatever they carry. */
export type NotOfferedCall = {
  [K in keyof typeof Control["method"]]: typeof Control["method"][K]["input"] extends
    typeof NotOfferedSchema ? K : never;
}[keyof typeof Control["method"]];

/** What a refused call would need. */
interface Lack {
  /** Flower's number, where its own open SuperLink refuses the call too. */
  readonly api?: ApiErrorName;
  readonly words: string;
}

const FEDERATIONS: Lack = {
  api: "federation-management-not-offered",
  words: "it has one federation, which every node and every run is in",
};
const ACCOUNTS: Lack = { api: "accounts-not-offered", words: "it has no accounts" };
const SERIES: Lack = { words: "it keeps no conversations of agents" };
const AUTOMATIONS: Lack = { words: "it starts runs when it is told to, not by a timetable" };
const HUB: Lack = { words: "it runs apps that are submitted to it, and keeps no collection" };
const CONNECTORS: Lack = { words: "it connects apps to no other services" };

/** What the open SuperLink lacks for each call. The types miss a call without a row. */
const LACKS: Readonly<Record<NotOfferedCall, Lack>> = {
  getAuthTokens: ACCOUNTS,
  refreshAuthTokens: ACCOUNTS,
  configureSimulationFederation: FEDERATIONS,
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
  streamRunEvents: SERIES,
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

/** Handlers that say what the SuperLink lacks. */
export function notOfferedHandlers(): Record<NotOfferedCall, () => Promise<never>> {
  const entries = Object.entries(LACKS).map(([call, lack]) => [
    call,
    () => Promise.reject(refusal(lack)),
  ]);
  return Object.fromEntries(entries);
}

function refusal({ api, words }: Lack): FlwrError {
  const message = `This SuperLink does not offer that: ${words}`;
  return api === undefined ? new FlwrError("unimplemented", message) : new ApiError(api, message);
}
