/** Secure aggregation in a real federation: registered keys, lists of trusted nodes, sandboxed apps, a node that dies. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { makeApp } from "../support/make_app.ts";
import type { Process } from "../support/process.ts";
import { scenario, type Stage } from "../support/stage.ts";

const NODES = 3;

const SERVER = `
import { ArrayRecord, FedAvg, SecureAggregation, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const fedAvg = new FedAvg({ minTrainNodes: ${NODES}, minAvailableNodes: ${NODES}, fractionEvaluate: 0 });
  const strategy = new SecureAggregation(fedAvg, { maxWeight: 100, ringBits: 64, metrics: { loss: 10 }, timeout: 20 });
  const w = { dtype: "float32", shape: [2], data: Float32Array.of(1, 1) } as const;
  const initialArrays = ArrayRecord.fromTensors({ w });
  const { arrays, rounds } = await strategy.start(grid, { numRounds: 2, initialArrays });
  const result = {
    w: [...arrays.tensors().get("w")!.data],
    nodes: rounds.map(({ train }) => train!.results.length),
    loss: rounds.map(({ train }) => train!.metrics!.get("loss")),
  };
  console.log("RESULT " + JSON.stringify(result));
});`;

const CLIENT = `
import { ArrayRecord, ClientApp, MetricRecord, secureAggregationMod } from "flwr";
export const app = new ClientApp().train(async (message, context) => {
  const place = context.nodeConfig.number("place");
  if (context.nodeConfig.boolean("hangs") && message.metadata.groupId === "2") {
    console.log("hangs in round 2");
    await new Promise((resolve) => setTimeout(resolve, 1e9));
  }
  const w = { dtype: "float32", shape: [2], data: Float32Array.of(place, -place) } as const;
  return {
    arrays: ArrayRecord.fromTensors({ w }),
    metrics: new MetricRecord({ "num-examples": 10 * place, loss: place / 2, secret: 7 }),
  };
}, { mods: [secureAggregationMod()] });`;

/** What differs between the nodes of a test. */
interface Differences {
  /** The node that hangs in round 2. */
  readonly hangs?: number;
  /** The nodes whose keys a node trusts (default: all). */
  readonly trusted?: (node: number) => readonly number[];
}

async function startNode(
  stage: Stage,
  credentials: Credentials,
  node: number,
  fleet: string,
  { hangs, trusted = () => [1, 2, 3] }: Differences,
): Promise<Process> {
  const lines = trusted(node).map((known) => Deno.readTextFile(credentials.nodePublicKey(known)));
  const file = stage.path(`trusted-${node}.csv`);
  await Deno.writeTextFile(file, (await Promise.all(lines)).map((line) => line.trim()).join(","));
  return startFlwr(stage, `supernode ${node}`, [
    ...["supernode", "--superlink", fleet, ...credentials.supernodeFlags(node)],
    ...["--trusted-node-keys", file, "--node-config", `place=${node} hangs=${node === hangs}`],
  ], { FLWR_HOME: stage.path(`home-${node}`) });
}

/** A federation with the app, and its run. */
async function startRun(stage: Stage, differences: Differences) {
  const credentials = await makeCredentials(stage.folder.path, NODES);
  const { http, fleet } = await startSuperLink({ stage, credentials });
  const nodes: Process[] = [];
  for (let node = 1; node <= NODES; node++) {
    // Over both transports.
    const address = node === 1 ? http : fleet;
    nodes.push(await startNode(stage, credentials, node, address, differences));
  }
  await Promise.all(nodes.map(joined));
  const files = { "server.ts": SERVER, "client.ts": CLIENT };
  const fab = await buildFab(await makeApp(stage.path("secure"), { name: "secure", files }));
  const rootCertificates = await Deno.readTextFile(credentials.caCertificate);
  const control = new ControlClient(openHttpChannel({ address: http, tls: { rootCertificates } }));
  const { runId } = await control.startRun({ fab, overrideConfig: new ConfigRecord() });
  return {
    nodes,
    /** The run's log and state, once it is over. */
    async over() {
      let text = "";
      for await (const piece of control.streamLogs(runId)) text += piece.text;
      const { run } = await control.getRun(runId);
      return { text, state: `${run.status}:${run.subStatus}`, details: run.details };
    },
    [Symbol.dispose]: () => control.close(),
  };
}

scenario(
  "secure aggregation with registered keys and sandboxed apps, and a node that is killed while it trains",
  async (stage) => {
    using run = await startRun(stage, { hangs: 3 });
    const [, , third] = run.nodes;
    await third!.waitForLine(/hangs in round 2/);
    await third!.end("SIGKILL");
    const { text, state, details } = await run.over();
    assert.equal(state, "finished:completed", `${details}\n${text}`);
    const [, json] = /RESULT (\{.*\})/.exec(text)!;
    const result = JSON.parse(json!);
    assert.deepEqual(result.nodes, [3, 2]);
    // (1 · 10 + 2 · 20) / 30; in round 1 with the third node (10 + 40 + 90) / 60.
    [5 / 3, -5 / 3].forEach((value, i) => assert.ok(Math.abs(result.w[i] - value) < 1e-6));
    [7 / 6, 5 / 6].forEach((value, i) => assert.ok(Math.abs(result.loss[i] - value) < 1e-6));
    assert.ok(!text.includes("secret"), "a metric that is not named stays on the node");
  },
);

scenario(
  "secure aggregation goes on without a node that does not trust another, and says why",
  async (stage) => {
    using run = await startRun(stage, { trusted: (node) => node === 2 ? [1, 2] : [1, 2, 3] });
    const { text, state, details } = await run.over();
    assert.equal(state, "finished:completed", `${details}\n${text}`);
    const result = JSON.parse(/RESULT (\{.*\})/.exec(text)![1]!);
    assert.deepEqual(result.nodes, [2, 2]);
    assert.ok(Math.abs(result.w[0] - (1 * 10 + 3 * 30) / 40) < 1e-6, `${result.w}`);
    assert.match(text, /has a key that this node does not trust: SHA256:/);
  },
);

scenario(
  "secure aggregation ends the run at once when no node trusts the others",
  async (stage) => {
    using run = await startRun(stage, { trusted: (node) => [node] });
    const { text, state } = await run.over();
    assert.equal(state, "finished:failed");
    assert.match(text, /no node took part in stage "share".*does not trust: SHA256:/);
  },
);
