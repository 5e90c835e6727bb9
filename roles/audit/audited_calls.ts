/** How a call is recorded. */
export type Recording =
  | "never" // tokens travel in it
  | "frequent" // it changes nothing, or is a part of an act that is recorded
  | "change"; // always

/** An API whose calls are recorded. */
export type AuditedApi = "control" | "fleet";

/** Calls in which credentials travel. Flower's event log leaves them out, too. */
const WITH_CREDENTIALS: ReadonlySet<string> = new Set([
  "GetLoginDetails",
  "GetAuthTokens",
  "RefreshAuthTokens",
  "BeginConnectorOAuth",
  "CompleteConnectorOAuth",
]);

/** Calls of the Control API that read, or send a piece of an app. */
const CONTROL_FREQUENT = /^(List|Show|Stream|Get)|^PushAttachment$/;

/** Calls by which nodes join and leave, of all of Flower's versions. */
const MEMBERSHIP: ReadonlySet<string> = new Set([
  "RegisterNode",
  "UnregisterNode",
  "ActivateNode",
  "DeactivateNode",
  "CreateNode",
  "DeleteNode",
]);

/** How a call is recorded. A call that is not known yet counts as a change of the Control API. @param name "StartRun" */
export function recordingOf(api: AuditedApi, name: string): Recording {
  if (api === "fleet") return MEMBERSHIP.has(name) ? "change" : "frequent";
  if (WITH_CREDENTIALS.has(name)) return "never";
  return CONTROL_FREQUENT.test(name) ? "frequent" : "change";
}
