/** Policy of the Control API: every call with every kind of credentials, over both transports. */
import assert from "node:assert/strict";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import type { Transport } from "../../../rpc/call.ts";
import { CurrentSuperLink } from "./superlink.ts";
import { openWire } from "./wire.ts";

type Outcome = Readonly<Record<Transport, string>>;

const OK: Outcome = { http: "200", grpc: "OK" };
const DENIED: Outcome = { http: "401", grpc: "UNAUTHENTICATED" };
const MALFORMED: Outcome = { http: "400/1003", grpc: "INTERNAL" };
const NO_APP: Outcome = { http: "412/15", grpc: "INVALID_ARGUMENT" };
const NO_RUN: Outcome = { http: "404/16", grpc: "NOT_FOUND" };
const NO_KEY: Outcome = { http: "412/22", grpc: "INVALID_ARGUMENT" };
const NO_NODE: Outcome = { http: "404/24", grpc: "NOT_FOUND" };
const NOT_OFFERED: Outcome = { http: "501", grpc: "UNIMPLEMENTED" };
const NO_FEDERATIONS: Outcome = { http: "501/1", grpc: "UNIMPLEMENTED" };
const NO_ACCOUNTS: Outcome = { http: "501/19", grpc: "UNIMPLEMENTED" };

/** Outcome of each call with an empty request. */
const ROWS: Readonly<Record<string, Outcome>> = {
  StartRun: NO_APP,
  ListRuns: OK,
  StopRun: NO_RUN,
  StreamLogs: NO_RUN,
  StreamRunEvents: NO_RUN,
  PullArtifacts: NO_RUN,
  PushAttachment: OK,
  RegisterNode: NO_KEY,
  UnregisterNode: NO_NODE,
  ListNodes: OK,
  ListFederations: OK,
  ShowFederation: OK,
  GetLoginDetails: OK,
  GetAuthTokens: NO_ACCOUNTS,
  RefreshAuthTokens: NO_ACCOUNTS,
  ConfigureSimulationFederation: NO_FEDERATIONS,
  CreateFederation: NO_FEDERATIONS,
  ArchiveFederation: NO_FEDERATIONS,
  SetFederationIcon: NO_FEDERATIONS,
  AddNodeToFederation: NO_FEDERATIONS,
  RemoveNodeFromFederation: NO_FEDERATIONS,
  RemoveAccountFromFederation: NO_FEDERATIONS,
  CreateInvitation: NO_FEDERATIONS,
  ListInvitations: NO_FEDERATIONS,
  AcceptInvitation: NO_FEDERATIONS,
  RejectInvitation: NO_FEDERATIONS,
  RevokeInvitation: NO_FEDERATIONS,
  ListRunSeries: NOT_OFFERED,
  GetRunSeries: NOT_OFFERED,
  UpdateRunSeriesDescription: NOT_OFFERED,
  ListRunSeriesEvents: NOT_OFFERED,
  StartAutomation: NOT_OFFERED,
  ListAutomations: NOT_OFFERED,
  StopAutomation: NOT_OFFERED,
  ListApps: NOT_OFFERED,
  ListAppAssociations: NOT_OFFERED,
  AddApp: NOT_OFFERED,
  RemoveApp: NOT_OFFERED,
  ListConnectors: NOT_OFFERED,
  DisconnectConnector: NOT_OFFERED,
  BeginConnectorOAuth: NOT_OFFERED,
  CompleteConnectorOAuth: NOT_OFFERED,
};

/** Calls before a login, for which no credentials are wrong. */
const ANYONES: ReadonlySet<string> = new Set([
  "GetLoginDetails",
  "GetAuthTokens",
  "RefreshAuthTokens",
]);

Deno.test("every call of the Control API has a row in the test's table", () => {
  assert.deepEqual(Object.keys(ROWS), Control.methods.map(({ name }) => name));
});

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`Control over ${transport}: every call × what a caller can show`, async () => {
    await using superLink = await CurrentSuperLink.start();
    using wire = openWire(transport, superLink.control(transport), superLink.authority);
    const nothing = new Uint8Array();
    for (const desc of Control.methods) {
      const right = ROWS[desc.name]![transport];
      const shows = (credentials: string) =>
        wire.outcome(desc, nothing, [["authorization", credentials]]);
      assert.equal(await wire.outcome(desc, nothing, []), right, desc.name);
      assert.equal(await shows("Bearer any"), right, `${desc.name}, a bearer token`);
      const basic = ANYONES.has(desc.name) ? right : DENIED[transport];
      assert.equal(await shows("Basic dXNlcg=="), basic, `${desc.name}, another kind`);
      const garbage = await wire.outcome(desc, new Uint8Array(32).fill(0xff), []);
      assert.equal(garbage, MALFORMED[transport], `${desc.name}, garbage`);
    }
  });
}

Deno.test("Control over HTTP: web pages get nothing", async () => {
  await using superLink = await CurrentSuperLink.start();
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  for (const desc of Control.methods) {
    const outcome = await wire.outcome(desc, new Uint8Array(), [["origin", "http://127.0.0.1"]]);
    assert.equal(outcome, "403", desc.name);
  }
});
