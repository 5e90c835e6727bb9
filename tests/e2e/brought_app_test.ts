/** Apps that runs bring along: submitted to the SuperLink, run by SuperNodes that were started without one. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import type { Process } from "../support/process.ts";
import { scenario, type Stage } from "../support/stage.ts";

function startNode(
  stage: Stage,
  credentials: Credentials,
  node: number,
  superLink: string,
): Process {
  return startFlwr(stage, `supernode ${node}`, [
    ...["supernode", "--superlink", superLink, ...credentials.supernodeFlags(node)],
    ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
  ], { FLWR_HOME: stage.path(`home-${node}`) });
}

async function openControl(
  address: string,
  credentials: Credentials,
): Promise<{ control: ControlClient } & Disposable> {
  const rootCertificates = await Deno.readTextFile(credentials.caCertificate);
  const control = new ControlClient(openHttpChannel({ address, tls: { rootCertificates } }));
  return { control, [Symbol.dispose]: () => control.close() };
}

/** What a run wrote, once it is over. */
async function logOf(control: ControlClient, runId: bigint): Promise<string> {
  let text = "";
  for await (const piece of control.streamLogs(runId)) text += piece.text;
  return text;
}

scenario(
  "an app that a run brings is run by nodes over HTTP and gRPC, again and again",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { http, fleet } = await startSuperLink({ stage, credentials });
    const nodes = [startNode(stage, credentials, 1, http), startNode(stage, credentials, 2, fleet)];
    await nodes[0]!.waitForEvent("wire-chosen", { wire: "current-http" });
    await nodes[1]!.waitForEvent("wire-chosen", { wire: "current-grpc" });
    await Promise.all(nodes.map(joined));
    const { folder } = await createApp({
      ...{ name: "line", publisher: "lab", template: TEMPLATES["minimal"]! },
      parent: stage.folder.path,
    });
    const fab = await buildFab(folder);
    using line = await openControl(http, credentials);
    const { control } = line;

    for (const rounds of [2, 3]) {
      const overrideConfig = new ConfigRecord({ "num-rounds": rounds });
      const { runId } = await control.startRun({ fab, overrideConfig });
      const text = await logOf(control, runId);
      const { run } = await control.getRun(runId);
      assert.equal(`${run.status}:${run.subStatus}`, "finished:completed", run.details);
      assert.match(text, /The line has slope \d/);
      assert.ok(run.clientAppSeconds > 0);
    }
    for (const { records } of nodes) {
      const ready = records.filter(({ event }) => event === "app-ready");
      assert.deepEqual(
        ready.map(({ fields }) => [fields["fabId"], fields["language"]]),
        [["lab/line", "typescript"]],
        "it stays loaded from run to run",
      );
      assert.equal(records.filter(({ event }) => event === "reply-sent").length, 10);
    }
  },
);

scenario(
  "a node leaves the work for a run that was stopped, and serves the next",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { http } = await startSuperLink({ stage, credentials });
    const nodes = [1, 2].map((node) => startNode(stage, credentials, node, http));
    await Promise.all(nodes.map(joined));
    const { folder } = await createApp({
      ...{ name: "line", publisher: "lab", template: TEMPLATES["minimal"]! },
      parent: stage.folder.path,
    });
    const good = await buildFab(folder);
    const client = `
import { ClientApp } from "flwr";
export const app = new ClientApp().train(() => {
  console.log("training without end");
  return new Promise(() => setInterval(() => {}, 1000));
});
`;
    await Deno.writeTextFile(`${folder}/client.ts`, client);
    const hanging = await buildFab(folder);
    using line = await openControl(http, credentials);
    const { control } = line;
    const overrideConfig = new ConfigRecord({ "num-rounds": 1 });

    const stopped = await control.startRun({ fab: hanging, overrideConfig });
    await Promise.all(nodes.map((node) => node.waitForLine(/training without end/)));
    await control.stopRun(stopped.runId);
    const { runId } = await control.startRun({ fab: good, overrideConfig });
    assert.match(await logOf(control, runId), /The line has slope \d/);
    assert.equal((await control.getRun(stopped.runId)).run.subStatus, "stopped");
    for (const { records } of nodes) {
      const left = records.filter(({ event }) => event === "reply-not-sent");
      assert.deepEqual(left.map(({ fields }) => fields["runId"]), [String(stopped.runId)]);
    }
  },
);

scenario(
  "nodes prepare the app of a run that begins, before it sends an instruction",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { http, fleet } = await startSuperLink({ stage, credentials });
    const nodes = [startNode(stage, credentials, 1, http), startNode(stage, credentials, 2, fleet)];
    await Promise.all(nodes.map(joined));
    const { folder } = await createApp({
      ...{ name: "line", publisher: "lab", template: TEMPLATES["minimal"]! },
      parent: stage.folder.path,
    });
    const server = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(() => new Promise(() => setInterval(() => {}, 1000)));
`;
    await Deno.writeTextFile(`${folder}/server.ts`, server);
    const fab = await buildFab(folder);
    using line = await openControl(http, credentials);
    const { control } = line;
    const events = (name: string) =>
      nodes.map(({ records }) => records.filter(({ event }) => event === name).length);
    // A node hears of a run only while its pull is held, which no event shows.
    for (let attempts = 1;; attempts++) {
      const { runId } = await control.startRun({ fab, overrideConfig: new ConfigRecord() });
      const ready = eventually(() => !events("app-ready").includes(0), 20, "the apps");
      const isReady = await ready.then(() => true, () => false);
      await control.stopRun(runId);
      if (isReady) break;
      assert.ok(attempts < 3, "no node prepared the app");
    }
    assert.deepEqual(events("instruction-received"), [0, 0]);
  },
);
