/** Runs of submitted apps, and of others, as the SuperLink keeps, stops and survives them. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { assertRefused } from "../support/call_refusal.ts";
import { eventually } from "../support/deadline.ts";
import { startSuperLink } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { RawDriver } from "../support/raw_driver.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Seconds within which a run that was stopped has left nothing behind, on a busy machine. */
const STOP_SECONDS = 20;

/** A ServerApp that waits for ever, unless it is told to return. */
const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(async (_grid, { runConfig }) => {
  console.log("waits");
  while (runConfig.boolean("wait")) await new Promise((resolve) => setTimeout(resolve, 10));
});`;

/** The bundle of an app with one setting, made in the stage's folder. */
async function bundle(stage: Stage, name: string, files: Readonly<Record<string, string>>) {
  return await buildFab(await makeApp(stage.path(name), { name, files, config: "wait = true" }));
}

function waitingApp(stage: Stage) {
  return bundle(stage, "waiting", { "server.ts": SERVER, "client.ts": NO_COMPONENT });
}

function control(http: string): { client: ControlClient } & Disposable {
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  return { client, [Symbol.dispose]: () => client.close() };
}

/** Processes that a process started, by their ids. */
async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const stat = /^\d+$/.test(name)
      ? await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "")
      : "";
    const [, state, parent] = /\) (\S) (\d+)/.exec(stat) ?? [];
    if (state !== "Z" && Number(parent) === pid) children.push(Number(name));
  }
  return children;
}

async function isThere(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

/** Resolves when the run has said that it waits. */
async function waits(client: ControlClient, runId: bigint): Promise<void> {
  let text = "";
  for await (const piece of client.streamLogs(runId)) {
    text += piece.text;
    if (/Z waits\n/.test(text)) return;
  }
  assert.fail(`The run is over: ${text}`);
}

async function stateOf(client: ControlClient, runId: bigint): Promise<string> {
  const { run } = await client.getRun(runId);
  return run.subStatus === "" ? run.status : `${run.status}:${run.subStatus}`;
}

scenario("a run that is stopped leaves no process behind, and its log ends", async (stage) => {
  const { http, process } = await startSuperLink({ stage });
  using line = control(http);
  const { client } = line;
  const fab = await waitingApp(stage);
  const { runId } = await client.startRun({ fab, overrideConfig: new ConfigRecord() });
  await waits(client, runId);
  const apps = await childrenOf(process.pid);
  assert.equal(apps.length, 1);

  await client.stopRun(runId);
  await eventually(async () => !await isThere(apps[0]!), STOP_SECONDS, "the app's process to end");
  assert.equal(await stateOf(client, runId), "finished:stopped");
  const pieces = await Array.fromAsync(client.streamLogs(runId));
  const [said, end, ...more] = pieces.map(({ text }) => text).join("").split("\n").slice(-3);
  assert.match(said!, /Z waits$/);
  assert.ok(end!.includes(`${runId}`), "the last line says what became of the run");
  assert.deepEqual(more, [""]);
  await process.end("SIGINT");
  assert.deepEqual(await childrenOf(process.pid), []);
});

scenario(
  "a SuperLink has one process ready when an app is about to come, none before",
  async (stage) => {
    const { http, process } = await startSuperLink({ stage });
    using line = control(http);
    const { client } = line;
    await client.listRuns();
    assert.deepEqual(await childrenOf(process.pid), []);

    await Promise.all(Array.from({ length: 5 }, () => client.expectRun()));
    // The answer does not wait for the process.
    const [spare, ...others] = await eventually(
      async () => {
        const children = await childrenOf(process.pid);
        return children.length > 0 && children;
      },
      30,
      "a process that is ready",
    );
    assert.deepEqual(others, []);

    const fab = await waitingApp(stage);
    const { runId } = await client.startRun({ fab, overrideConfig: new ConfigRecord() });
    await waits(client, runId);
    assert.deepEqual(await childrenOf(process.pid), [spare]);
    await client.stopRun(runId);
    await process.end("SIGINT");
    assert.deepEqual(await childrenOf(process.pid), []);
  },
);

scenario(
  "a SuperLink that was killed starts a run without effects over, and runs those that waited",
  async (stage) => {
    const flags = ["--database", stage.path("state.db"), "--concurrent-runs", "1"];
    const fab = await waitingApp(stage);
    const first = await startSuperLink({ stage, flags });
    using before = control(first.http);
    const running = await before.client.startRun({ fab, overrideConfig: new ConfigRecord() });
    await waits(before.client, running.runId);
    const waiting = await before.client.startRun({
      fab,
      overrideConfig: new ConfigRecord({ wait: false }),
    });
    assert.equal(await stateOf(before.client, waiting.runId), "pending");
    const [app] = await childrenOf(first.process.pid);
    await first.process.end("SIGKILL");
    await eventually(async () => !await isThere(app!), STOP_SECONDS, "the app's process to end");

    const second = await startSuperLink({ stage, flags });
    using after = control(second.http);
    const { client } = after;
    const finished = async (runId: bigint) => /^finished/.test(await stateOf(client, runId));
    const logOf = async (runId: bigint) => {
      let text = "";
      for await (const piece of client.streamLogs(runId)) {
        text += piece.text;
        if (/starts over\n[^]*Z waits\n/.test(text)) return;
      }
      assert.fail(`The run is over: ${text}`);
    };
    await logOf(running.runId);
    await client.stopRun(running.runId);
    await eventually(() => finished(waiting.runId), 20, "the run that waited to end");
    assert.equal(await stateOf(client, waiting.runId), "finished:completed");
  },
);

scenario("a run that was started by hand is listed, and can be stopped", async (stage) => {
  const superLink = await startSuperLink({ stage });
  using driver = await RawDriver.connect(superLink.driver);
  const runId = BigInt.asUintN(64, driver.runId);
  using line = control(superLink.http);
  const { items } = await line.client.listRuns();
  assert.deepEqual(items.map((run) => [run.runId, run.status]), [[runId, "running"]]);
  assert.deepEqual(await driver.nodes(), []);

  // The other transport of the same API.
  const grpc = new ControlClient(openChannel({ address: superLink.control, tls: "insecure" }));
  await grpc.stopRun(runId);
  grpc.close();
  assert.equal(await stateOf(line.client, runId), "finished:stopped");
  await assertRefused(driver.nodes(), "FAILED_PRECONDITION");
});

scenario("a Python app without Python fails with what to do", async (stage) => {
  const { http } = await startSuperLink({ stage, flags: ["--python", stage.path("no/python")] });
  using line = control(http);
  const fab = await bundle(stage, "snake", { "server.py": "app = 1\n", "client.py": "app = 1\n" });
  const { runId } = await line.client.startRun({ fab, overrideConfig: new ConfigRecord() });
  const log = (await Array.fromAsync(line.client.streamLogs(runId))).map(({ text }) => text).join(
    "",
  );
  const { run } = await line.client.getRun(runId);
  assert.equal(run.subStatus, "failed");
  assert.match(run.details, /--python: ".*no\/python"/);
  assert.ok(log.startsWith(`Error: ${run.details}\n`));
});
