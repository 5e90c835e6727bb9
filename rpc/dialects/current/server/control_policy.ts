import { MAX_SMALL_REQUEST_BYTES } from "./fleet_policy.ts";
import type { Control } from "../../../../proto/gen/current/control_pb.ts";
import type { DescMethod } from "@bufbuild/protobuf";

/**
 * Bytes of a submitted app with its settings. Up to this size, apps above MAX_SUBMITTED_FAB_BYTES get Flower's
 * response for oversized apps.
 */
const MAX_START_RUN_BYTES = 64 * 1024 * 1024;

/** Bytes of a request with a piece of an attachment: the link's maxPieceBytes, and the names of a bundle's pieces. */
const MAX_ATTACHMENT_REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024;

/**
 * Who may make a call of the Control API. A SuperLink without accounts has one account for every caller:
 * - "account": callers without credentials, or with any bearer token;
 * - "anyone": calls that precede a login.
 */
export type ControlAdmission = "account" | "anyone";

/** Every call of the Control API, also under its earlier name. A test fails when a method has no row. */
export const CONTROL_POLICY: Readonly<Record<string, ControlAdmission>> = {
  "/flwr.proto.Control/StartRun": "account",
  "/flwr.proto.Control/ListRuns": "account",
  "/flwr.proto.Control/StopRun": "account",
  "/flwr.proto.Control/StreamLogs": "account",
  "/flwr.proto.Control/RegisterNode": "account",
  "/flwr.proto.Control/UnregisterNode": "account",
  "/flwr.proto.Control/ListNodes": "account",
  "/flwr.proto.Control/ListFederations": "account",
  "/flwr.proto.Control/ShowFederation": "account",
  "/flwr.proto.Control/GetLoginDetails": "anyone",
  "/flwr.proto.Control/GetAuthTokens": "anyone",
  "/flwr.proto.Control/RefreshAuthTokens": "anyone",
  "/flwr.proto.Control/PullArtifacts": "account",
  "/flwr.proto.Control/PushAttachment": "account",
  "/flwr.proto.Control/ConfigureSimulationFederation": "account",
  "/flwr.proto.Control/CreateFederation": "account",
  "/flwr.proto.Control/ArchiveFederation": "account",
  "/flwr.proto.Control/SetFederationIcon": "account",
  "/flwr.proto.Control/AddNodeToFederation": "account",
  "/flwr.proto.Control/RemoveNodeFromFederation": "account",
  "/flwr.proto.Control/RemoveAccountFromFederation": "account",
  "/flwr.proto.Control/CreateInvitation": "account",
  "/flwr.proto.Control/ListInvitations": "account",
  "/flwr.proto.Control/AcceptInvitation": "account",
  "/flwr.proto.Control/RejectInvitation": "account",
  "/flwr.proto.Control/RevokeInvitation": "account",
  "/flwr.proto.Control/ListRunSeries": "account",
  "/flwr.proto.Control/GetRunSeries": "account",
  "/flwr.proto.Control/UpdateRunSeriesDescription": "account",
  "/flwr.proto.Control/ListRunSeriesEvents": "account",
  "/flwr.proto.Control/StreamRunEvents": "account",
  "/flwr.proto.Control/StartAutomation": "account",
  "/flwr.proto.Control/ListAutomations": "account",
  "/flwr.proto.Control/StopAutomation": "account",
  "/flwr.proto.Control/ListApps": "account",
  "/flwr.proto.Control/ListAppAssociations": "account",
  "/flwr.proto.Control/AddApp": "account",
  "/flwr.proto.Control/RemoveApp": "account",
  "/flwr.proto.Control/ListConnectors": "account",
  "/flwr.proto.Control/DisconnectConnector": "account",
  "/flwr.proto.Control/BeginConnectorOAuth": "account",
  "/flwr.proto.Control/CompleteConnectorOAuth": "account",

  "/flwr.proto.Exec/StartRun": "account",
  "/flwr.proto.Exec/StopRun": "account",
  "/flwr.proto.Exec/StreamLogs": "account",
  "/flwr.proto.Exec/ListRuns": "account",
  "/flwr.proto.Exec/GetLoginDetails": "anyone",
  "/flwr.proto.Exec/GetAuthTokens": "anyone",
};

/** Returns a method's row of the policy. @param method its gRPC path */
export function controlAdmissionOf(method: string): ControlAdmission {
  const admission = CONTROL_POLICY[method];
  if (admission === undefined) throw new TypeError(`No policy for ${method}`);
  return admission;
}

/** The largest request of a Control API method, in bytes. Without accounts, any caller may send one. */
export function controlRequestBytes({ localName }: DescMethod): number {
  switch (localName as keyof typeof Control.method) {
    case "startRun":
      return MAX_START_RUN_BYTES;
    case "pushAttachment":
      return MAX_ATTACHMENT_REQUEST_BYTES;
    default:
      return MAX_SMALL_REQUEST_BYTES;
  }
}
