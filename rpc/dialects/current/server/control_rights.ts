import type { Account, Role } from "../../../../entities/account.ts";
import type { Control } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";

/** What a call reaches: only the caller's own runs and nodes, or those of everyone. */
export type Scope = "own" | "all";

/** The rights of each role for one call. A role that is missing may not make it. */
export type Rights = Readonly<Partial<Record<Role, Scope>>>;

/** A caller with an account, and what its call reaches. */
export interface ControlCaller {
  readonly account: Account;
  readonly scope: Scope;
}

const EVERYONE: Rights = { admin: "all", researcher: "own", operator: "own", viewer: "all" };
const SUBMIT: Rights = { admin: "all", researcher: "own" };
const ADMINISTER: Rights = { admin: "all" };
const READ_RUN: Rights = { admin: "all", researcher: "own", viewer: "all" };
const MANAGE_NODES: Rights = { admin: "all", operator: "own" };

/** Calls of the Control API that need an account. */
export type AccountCall = Exclude<
  keyof typeof Control.method,
  "getLoginDetails" | "getAuthTokens" | "refreshAuthTokens"
>;

/**
 * Rights of each role for each call that needs an account, by the call's name. The type checker finds a call without a
 * row. Runs and nodes without an owner are those of nobody.
 */
export const CONTROL_RIGHTS: Readonly<Record<AccountCall, Rights>> = {
  startRun: SUBMIT,
  pushAttachment: SUBMIT,
  // Operators see which runs use their nodes, but neither logs nor results.
  listRuns: { ...EVERYONE, operator: "all" },
  stopRun: SUBMIT,
  streamLogs: READ_RUN,
  streamRunEvents: READ_RUN,
  pullArtifacts: SUBMIT,
  registerNode: MANAGE_NODES,
  unregisterNode: MANAGE_NODES,
  listNodes: EVERYONE,
  listFederations: EVERYONE,
  showFederation: EVERYONE,
  configureSimulationFederation: ADMINISTER,
  createFederation: ADMINISTER,
  archiveFederation: ADMINISTER,
  setFederationIcon: ADMINISTER,
  addNodeToFederation: MANAGE_NODES,
  removeNodeFromFederation: MANAGE_NODES,
  removeAccountFromFederation: ADMINISTER,
  createInvitation: ADMINISTER,
  listInvitations: EVERYONE,
  acceptInvitation: EVERYONE,
  rejectInvitation: EVERYONE,
  revokeInvitation: ADMINISTER,
  listRunSeries: READ_RUN,
  getRunSeries: READ_RUN,
  updateRunSeriesDescription: SUBMIT,
  listRunSeriesEvents: READ_RUN,
  startAutomation: SUBMIT,
  listAutomations: READ_RUN,
  stopAutomation: SUBMIT,
  listApps: EVERYONE,
  listAppAssociations: EVERYONE,
  addApp: ADMINISTER,
  removeApp: ADMINISTER,
  listConnectors: EVERYONE,
  disconnectConnector: SUBMIT,
  beginConnectorOAuth: SUBMIT,
  completeConnectorOAuth: SUBMIT,
};

/**
 * What a call of an account reaches: the widest scope of its roles.
 *
 * @param method the call's path in gRPC, under either name of the Control API
 * @throws ApiError "not-entitled" if none of its roles may make the call
 */
export function scopeOf({ name, roles }: Account, method: string): Scope {
  const call = method.slice(method.lastIndexOf("/") + 1);
  const rights = CONTROL_RIGHTS[`${call[0]!.toLowerCase()}${call.slice(1)}` as AccountCall];
  if (rights === undefined) throw new TypeError(`No rights for ${method}`);
  const scopes = roles.map((role) => rights[role]);
  if (scopes.includes("all")) return "all";
  if (scopes.includes("own")) return "own";
  throw new ApiError(
    "not-entitled",
    roles.length === 0
      ? `Account "${name}" has no role on this SuperLink: ask its operator for one`
      : `${call} is not allowed for account "${name}" (${
        roles.join(", ")
      }): ask the SuperLink's operator`,
  );
}

/**
 * Whether a caller's call reaches something with this owner. Without accounts, it reaches everything.
 *
 * @param ownerId id of the owner's account; undefined if nobody owns it
 */
export function reaches(caller: ControlCaller | undefined, ownerId: string | undefined): boolean {
  if (caller === undefined || caller.scope === "all") return true;
  return ownerId !== undefined && ownerId === caller.account.id;
}
