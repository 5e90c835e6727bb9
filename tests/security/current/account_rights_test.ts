/** Rights of accounts: every call of the Control API × every role, and what belongs to others. */
import assert from "node:assert/strict";
import { type Role, ROLES } from "../../../entities/account.ts";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import { CONTROL_RIGHTS } from "../../../rpc/dialects/current/server/control_rights.ts";
import { CONTROL_POLICY } from "../../../rpc/dialects/current/server/control_policy.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { federation } from "./account_federation.ts";
import { openWire } from "./wire.ts";

/** Calls that each role may make: A all, R researcher, O operator, V viewer. Written apart from the code's table. */
const ALLOWED: Readonly<Record<string, string>> = {
  StartRun: "AR",
  ListRuns: "AROV",
  StopRun: "AR",
  StreamLogs: "ARV",
  PullArtifacts: "AR",
  PushAttachment: "AR",
  RegisterNode: "AO",
  UnregisterNode: "AO",
  ListNodes: "AROV",
  ListFederations: "AROV",
  ShowFederation: "AROV",
  ConfigureSimulationFederation: "A",
  CreateFederation: "A",
  ArchiveFederation: "A",
  SetFederationIcon: "A",
  AddNodeToFederation: "AO",
  RemoveNodeFromFederation: "AO",
  RemoveAccountFromFederation: "A",
  CreateInvitation: "A",
  ListInvitations: "AROV",
  AcceptInvitation: "AROV",
  RejectInvitation: "AROV",
  RevokeInvitation: "A",
  ListRunSeries: "ARV",
  GetRunSeries: "ARV",
  UpdateRunSeriesDescription: "AR",
  ListRunSeriesEvents: "ARV",
  StreamRunEvents: "ARV",
  StartAutomation: "AR",
  ListAutomations: "ARV",
  StopAutomation: "AR",
  ListApps: "AROV",
  ListAppAssociations: "AROV",
  AddApp: "A",
  RemoveApp: "A",
  ListConnectors: "AROV",
  DisconnectConnector: "AR",
  BeginConnectorOAuth: "AR",
  CompleteConnectorOAuth: "AR",
};

Deno.test("every call that needs an account has rights, and a row in the test's table", () => {
  const calls = Control.methods.filter(({ name }) =>
    CONTROL_POLICY[`/flwr.proto.Control/${name}`] === "account"
  );
  assert.deepEqual(Object.keys(ALLOWED).sort(), calls.map(({ name }) => name).sort());
  assert.deepEqual(
    Object.keys(CONTROL_RIGHTS).sort(),
    calls.map(({ localName }) => localName).sort(),
  );
});

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`rights over ${transport}: every call × every role`, async () => {
    await using federated = await federation();
    const { provider, superLink } = federated;
    using wire = openWire(transport, superLink.control(transport), superLink.authority);
    const denied = transport === "http" ? "403/13" : "PERMISSION_DENIED";
    for (const role of [...ROLES, "stranger"] as (Role | "stranger")[]) {
      const { access } = await provider.tokensOf(role);
      for (const desc of Control.methods) {
        const allowed = ALLOWED[desc.name];
        if (allowed === undefined) continue;
        const outcome = await wire.outcome(desc, new Uint8Array(), [
          ["authorization", `Bearer ${access}`],
        ]);
        const may = role !== "stranger" && allowed.includes(role[0]!.toUpperCase());
        assert.equal(outcome !== denied, may, `${desc.name} of ${role}: ${outcome}`);
      }
    }
  });
}

Deno.test("a researcher reaches only own runs", async () => {
  await using federated = await federation();
  const { fab } = federated;
  const [mine, other, viewer, operator, admin] = await Promise.all(
    ["researcher", "researcher-2", "viewer", "operator", "admin"].map(federated.client),
  ) as [ControlClient, ControlClient, ControlClient, ControlClient, ControlClient];
  const submission = { fab, overrideConfig: new ConfigRecord() };
  const { runId } = await mine.startRun(submission);
  const ids = async (client: ControlClient) =>
    (await client.listRuns()).items.map((run) => run.runId);
  assert.deepEqual(await ids(mine), [runId]);
  assert.deepEqual(await ids(other), []);
  for (const reader of [viewer, operator, admin]) assert.deepEqual(await ids(reader), [runId]);
  const shown = await other.showFederation("@none/default");
  assert.deepEqual(shown.federation.runs, []);
  // Not that it exists, either.
  const unknown = { code: "not-found" } as const;
  await assert.rejects(other.getRun(runId), unknown);
  await assert.rejects(other.stopRun(runId), unknown);
  await assert.rejects(other.pullArtifacts(runId), unknown);
  await assert.rejects(other.streamLogs(runId).next(), unknown);
  await assert.rejects(other.runEvents(runId), unknown);
  await assert.rejects(other.runEvents(runId), unknown);
  await assert.rejects(other.startRun({ ...submission, resumeFrom: runId }), unknown);
  await assert.rejects(viewer.stopRun(runId), { code: "permission-denied" });
  assert.match((await mine.getRun(runId)).run.status, /^pending/);
  await mine.stopRun(runId);
});

Deno.test("an operator reaches only own nodes", async () => {
  await using federated = await federation();
  const [mine, other, researcher, admin] = await Promise.all(
    ["operator", "operator-2", "researcher", "admin"].map(federated.client),
  ) as [ControlClient, ControlClient, ControlClient, ControlClient];
  const { publicKey } = await PrivateKey.generate("P-384");
  const nodeId = await mine.registerNode({ publicKeyPem: publicKey.pem, name: "hospital-a" });
  const ids = async (client: ControlClient) =>
    (await client.listNodes()).items.map((node) => [node.nodeId, node.owner]);
  assert.deepEqual(await ids(mine), [[nodeId, "operator"]]);
  assert.deepEqual(await ids(admin), [[nodeId, "operator"]]);
  assert.deepEqual(await ids(other), []);
  assert.deepEqual(await ids(researcher), []);
  await assert.rejects(other.unregisterNode(nodeId), { code: "not-found" });
  await mine.unregisterNode(nodeId);
});
