/**
 * 100 kills of SuperNodes in one run of 50 rounds, and of 100 ServerApps, one in each of 100 runs: the run ends with all of
 * its rounds and with the bits of the calm one, each killed ServerApp's run ends as failed, and every node keeps its id.
 *
 * FLWR_KILLS says how many (nightly: 100). Without it and not at night, this is not run.
 */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { assertSameRun, runResult } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

const KILLS = Number(Deno.env.get("FLWR_KILLS") ?? (NIGHTLY ? 100 : 0));
const ROUNDS = Math.max(3, Math.ceil(KILLS / 2));
const SECONDS = 120 + 20 * KILLS;

scenario(`endurance: ${KILLS} kills of SuperNodes in ${ROUNDS} rounds`, async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  const start = (node: number) => startSuperNode({ stage, credentials, fleet, node });
  const nodes = [start(1), start(2)];
  const ids = await Promise.all(nodes.map(joined));
  const result = (name: string) => ({ driver, rounds: ROUNDS, result: stage.path(name) });
  const calm = result("calm.json");
  const expected = await runResult(startServerApp({ stage, credentials, ...calm }), calm.result);

  const wild = result("wild.json");
  const run = startServerApp({ stage, credentials, ...wild });
  for (let kill = 0; kill < KILLS; kill++) {
    // Two kills in each round: one node at its begin, the other as soon as the first is back.
    if (kill % 2 === 0) await run.waitForLine(new RegExp(`Configuring round ${kill / 2 + 1}$`), 60);
    const node = kill % 2;
    await nodes[node]!.end("SIGKILL");
    nodes[node] = start(node + 1);
    assert.equal(await joined(nodes[node]!), ids[node], `kill ${kill}`);
  }
  assertSameRun(await runResult(run, wild.result), expected);
}, { seconds: SECONDS, ignore: KILLS === 0 });

/** A ServerApp that says that it runs, and does nothing else. */
const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(async (_grid, { runConfig }) => {
  console.log("runs");
  while (runConfig.boolean("wait")) await new Promise((resolve) => setTimeout(resolve, 10));
});`;

scenario(`endurance: ${KILLS} kills of ServerApps`, async (stage) => {
  const { http, process: superlink } = await startSuperLink({
    stage,
    flags: ["--database", stage.path("link.db")],
  });
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  try {
    const files = { "server.ts": SERVER, "client.ts": NO_COMPONENT };
    const folder = await makeApp(stage.path("app"), {
      name: "waits",
      files,
      config: "wait = true",
    });
    const fab = await buildFab(folder);
    const stateOf = async (runId: bigint) => (await client.getRun(runId)).run.subStatus;
    for (let kill = 0; kill < KILLS; kill++) {
      const { runId } = await client.startRun({ fab, overrideConfig: new ConfigRecord() });
      for await (const { text } of client.streamLogs(runId)) if (text.includes("runs")) break;
      const [app] = await appsOf(superlink.pid);
      Deno.kill(app!, "SIGKILL");
      await eventually(async () => await stateOf(runId) === "failed", 20, `run ${kill} to fail`);
    }
    const overrideConfig = new ConfigRecord({ wait: false });
    const { runId } = await client.startRun({ fab, overrideConfig });
    await eventually(async () => await stateOf(runId) === "completed", 20, "the last run to end");
    assert.equal(superlink.status, undefined, "the SuperLink runs");
  } finally {
    client.close();
  }
}, { seconds: SECONDS, ignore: KILLS === 0 });

/** The processes that a SuperLink has, the oldest first: that of the run was ready before the spare one for the next. */
async function appsOf(superlink: number): Promise<number[]> {
  const children: { pid: number; started: number }[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(fields[1]) !== superlink || fields[0] === "Z") continue;
    children.push({ pid: Number(name), started: Number(fields[19]) });
  }
  return children.sort((a, b) => a.started - b.started).map(({ pid }) => pid);
}
