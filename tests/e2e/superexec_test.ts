/** Runs of a SuperLink that starts none itself: a SuperExec takes them on. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Seconds within which what became of a run is known. */
const END_SECONDS = 20;

/** A ServerApp that does as it is told: it throws, it asks for nodes for ever, or it ends. */
const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const what = runConfig.string("what");
  console.log("does", what);
  if (what === "throw") throw new RangeError("no such round");
  while (what === "ask") {
    await grid.nodeIds();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});`;

async function bundle(stage: Stage) {
  const app = await makeApp(stage.path("obedient"), {
    name: "obedient",
    files: { "server.ts": SERVER, "client.ts": NO_COMPONENT },
    config: 'what = "end"',
  });
  return await buildFab(app);
}

async function logOf(client: ControlClient, runId: bigint): Promise<string> {
  return (await Array.fromAsync(client.streamLogs(runId))).map(({ text }) => text).join("");
}

async function endOf(client: ControlClient, runId: bigint): Promise<string> {
  const { run } = await client.getRun(runId);
  return `${run.subStatus}: ${run.details}`;
}

/** Resolves when the run has said what it does. */
async function begun(client: ControlClient, runId: bigint): Promise<void> {
  let text = "";
  for await (const piece of client.streamLogs(runId)) {
    text += piece.text;
    if (text.includes("does ask")) return;
  }
  assert.fail(`The run is over: ${text}`);
}

scenario(
  "a SuperExec with the secret runs an app over TLS, one without it is told",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const secret = stage.path("secret");
    await Deno.writeTextFile(secret, "shared");
    const { http, process: superlink } = await startSuperLink({
      stage,
      credentials,
      flags: ["--isolation", "process", "--superexec-auth-secret-file", secret],
    });
    const flags = ["superexec", "--runtime-api-address", http];
    const trust = ["--root-certificates", credentials.caCertificate];
    const stranger = startFlwr(stage, "stranger", [...flags, ...trust]);
    assert.equal((await stranger.ended(END_SECONDS)).code, 1);
    assert.ok(stranger.lines.some((line) => line.includes("--isolation process")));

    const health = ["--health-server-address", "127.0.0.1:0"];
    const known = [...flags, ...trust, ...health, "--superexec-auth-secret-file", secret];
    const superexec = startFlwr(stage, "superexec", known);
    const { fields } = await superexec.waitForEvent("listening", { api: "health" });
    assert.match(String(fields["address"]), /^127\.0\.0\.1:\d+$/);
    for (const node of [1, 2]) {
      const args = ["supernode", "--superlink", http, ...credentials.supernodeFlags(node)];
      const config = ["--node-config", `partition-id=${node - 1} num-partitions=2`];
      const home = { FLWR_HOME: stage.path(`home-${node}`) };
      await joined(startFlwr(stage, `supernode ${node}`, [...args, ...config], home));
    }
    const { folder } = await createApp({
      ...{ name: "line", publisher: "lab", template: TEMPLATES["minimal"]! },
      parent: stage.folder.path,
    });
    const rootCertificates = await Deno.readTextFile(credentials.caCertificate);
    const client = new ControlClient(openHttpChannel({ address: http, tls: { rootCertificates } }));
    const { runId } = await client.startRun({
      fab: await buildFab(folder),
      overrideConfig: new ConfigRecord({ "num-rounds": 2 }),
    });
    const log = await logOf(client, runId);
    assert.equal(await endOf(client, runId), "completed: ");
    assert.match(log, /model\.npz/);
    await superlink.waitForEvent("artifact-saved", { name: "model.npz" });
    assert.match(await client.pullArtifacts(runId), /^https:.*\/run-\d+\.zip$/);
    client.close();
  },
);

scenario(
  "a SuperExec outlives its apps' failures and stops, and fails what runs when it ends",
  async (stage) => {
    const { http } = await startSuperLink({ stage, flags: ["--isolation", "process"] });
    const superexec = startFlwr(stage, "superexec", [
      ...["superexec", "--insecure", "--runtime-api-address", http, "--concurrent-runs", "2"],
    ]);
    const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
    const fab = await bundle(stage);
    const start = async (what: string) => {
      const overrideConfig = new ConfigRecord({ what });
      return (await client.startRun({ fab, overrideConfig })).runId;
    };

    const [first, stopped, last] = [await start("ask"), await start("ask"), await start("throw")];
    await Promise.all([begun(client, first), begun(client, stopped)]);
    assert.equal((await client.getRun(last)).run.status, "pending", "two at once");
    await client.stopRun(stopped);
    assert.match(await logOf(client, last), /does throw\n[^]*no such round\n/);
    assert.equal(await endOf(client, last), "failed: no such round");
    const completed = await start("end");
    assert.match(await logOf(client, completed), /does end\n/);
    assert.equal(await endOf(client, completed), "completed: ");
    await superexec.waitForEvent("run-ended", { runId: String(stopped) });

    await superexec.end("SIGINT");
    const ended = async () => (await client.getRun(first)).run.status === "finished";
    await eventually(ended, END_SECONDS, "the run in flight to end");
    assert.equal(await endOf(client, first), "failed: The SuperExec was stopped");
    client.close();
  },
);
