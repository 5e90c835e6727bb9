/** Rights of accounts: every call of the Control API × every role, and what belongs to others. */
import assert from "node:assert/strict";
import { type Role, ROLES } from "../../../entities/account.ts";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { ConfigRecord } from "../../../app/config_record.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { PrivateKey } from "../../../auth/private_key.ts";
import type { Channel } from "../../../rpc/channel.ts";
import { NO_RETRY } from "../../../rpc/retry.ts";
import { CONTROL_RIGHTS } from "../../../rpc/dialects/current/server/control_rights.ts";
import { CONTROL_POLICY } from "../../../rpc/dialects/current/server/control_policy.ts";
import { MAX_ACCOUNT_STREAMS } from "../../../rpc/dialects/current/server/account_streams.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { makeApp } from "../../support/make_app.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  startProvider,
  type TestProvider,
} from "../../support/oidc_provider.ts";
import { TempDir } from "../../support/tempdir.ts";
import { CurrentSuperLink } from "./superlink.ts";
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

/** Logs in an account of each role, which the file with roles gives to it by its subject. */
async function federation() {
  await using stack = new AsyncDisposableStack();
  const provider = stack.use(await startProvider());
  const folder = stack.use(await TempDir.make());
  const rolesFile = `${folder.path}/accounts.toml`;
  const lines = [...ROLES, "researcher-2", "operator-2"].map((name) =>
    `"${name}" = "${name.replace("-2", "")}"`
  );
  await Deno.writeTextFile(rolesFile, `[subjects]\n${lines.join("\n")}\n`);
  await Deno.writeTextFile(`${folder.path}/secret`, CLIENT_SECRET);
  const superLink = stack.use(
    await CurrentSuperLink.start({
      oidcIssuer: provider.issuer,
      oidcClientId: CLIENT_ID,
      oidcClientSecretFile: `${folder.path}/secret`,
      accountsFile: rolesFile,
    }),
  );
  const fab = await buildFab(await makeApp(`${folder.path}/app`, { name: "small" }));
  const owned = stack.move();
  return {
    provider,
    superLink,
    fab,
    client: async (login: string) => new ControlClient(await channelOf(superLink, provider, login)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A channel that sends an account's access token with each call. */
async function channelOf(
  superLink: CurrentSuperLink,
  provider: TestProvider,
  login: string,
): Promise<Channel> {
  const { access } = await provider.tokensOf(login);
  const channel = superLink.open("http", superLink.control("http"));
  const metadata = () => Promise.resolve({ authorization: `Bearer ${access}` });
  return {
    address: channel.address,
    call: (method, request, options) => channel.call(method, request, { ...options, metadata }),
    stream: (method, request, options) => channel.stream(method, request, { ...options, metadata }),
    close: () => channel.close(),
  };
}

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
  await assert.rejects(other.startRun({ ...submission, resumeFrom: runId }), unknown);
  await assert.rejects(viewer.stopRun(runId), { code: "permission-denied" });
  assert.match((await mine.getRun(runId)).run.status, /^pending/);
  await mine.stopRun(runId);
});

Deno.test("an account follows only some logs and runs at a time, and others are not held up", async () => {
  await using federated = await federation();
  const { fab, superLink, provider } = federated;
  const [mine, admin] = await Promise.all([
    federated.client("researcher"),
    federated.client("admin"),
  ]);
  const { runId } = await mine.startRun({ fab, overrideConfig: new ConfigRecord() });
  const channel = await channelOf(superLink, provider, "researcher");
  using ending = new DisposableStack();
  const follow = (nth: number) => {
    const abort = new AbortController();
    ending.defer(() => abort.abort());
    const options = { retry: NO_RETRY, signal: abort.signal };
    const stream: AsyncIterable<unknown> = nth % 2 === 0
      ? channel.stream(Control.method.streamLogs, { runId, partBytes: 1n }, options)
      : channel.stream(Control.method.streamRunEvents, { runId }, options);
    return stream[Symbol.asyncIterator]().next();
  };
  await Promise.all(Array.from({ length: MAX_ACCOUNT_STREAMS }, (_, nth) => follow(nth)));
  for (const nth of [0, 1]) await assert.rejects(follow(nth), { code: "resource-exhausted" });
  assert.ok((await admin.runEvents(runId))!.length > 0);
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
