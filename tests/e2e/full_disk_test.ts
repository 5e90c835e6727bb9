/** A SuperLink whose disk is full waits for room; nothing is lost meanwhile, and nobody ends. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { makeCredentials } from "../support/credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { assertNoStackTrace, runResult } from "../support/result.ts";
import { canMountSmallDisk, SmallDisk } from "../support/small_disk.ts";
import { scenario } from "../support/stage.ts";

scenario("full disk: a run goes on when there is room again, and its nodes stay", async (stage) => {
  using disk = new SmallDisk(stage, 16);
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet, process: superlink } = await startSuperLink({
    stage,
    credentials,
    flags: ["--database", `${disk.path}/link.db`],
  });
  const goOn = stage.path("go-on");
  const config = `wait-round=2 wait-file="${goOn}"`;
  const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
  await joined(first);
  const second = startSuperNode({ stage, credentials, fleet, node: 2 });
  await joined(second);
  const file = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result: file });
  await first.waitForLine(/Waiting in round 2/);

  disk.fill();
  await Deno.writeTextFile(goOn, "");
  const { message } = await superlink.waitForEvent("store-failed");
  assert.match(message, /The SuperLink's disk is full/);
  const { fields } = await first.waitForEvent("call-retried", { code: "unavailable" });
  assert.match(String(fields["reason"]), /The SuperLink's disk is full/);
  disk.free();

  const result = await runResult(run, file);
  assert.deepEqual(result.rounds.map(({ results }) => results), [2, 2, 2]);
  await superlink.waitForEvent("store-recovered");
  for (const process of [superlink, first, second]) assertNoStackTrace(process);
  assert.equal((await first.end("SIGINT")).code, 0);
}, { ignore: !canMountSmallDisk() });

/** A ServerApp that writes a line every few milliseconds, and returns. */
const SERVER = `
import { ServerApp } from "flwr";
export const app = new ServerApp().main(async () => {
  for (let i = 0; i < 100; i++) {
    console.log("line " + i + " " + "x".repeat(1000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});`;

scenario("full disk: the end of a submitted run, and its log, are stored later", async (stage) => {
  using disk = new SmallDisk(stage, 16);
  const flags = ["--database", `${disk.path}/link.db`];
  const { http, process: superlink } = await startSuperLink({ stage, flags });
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  try {
    const files = { "server.ts": SERVER, "client.ts": NO_COMPONENT };
    const fab = await buildFab(await makeApp(stage.path("app"), { name: "lines", files }));
    const { runId } = await client.startRun({ fab, overrideConfig: new ConfigRecord() });
    let text = "";
    let filled = false;
    // Followed to the end: a run that stays "running" for good would hang here.
    for await (const piece of client.streamLogs(runId)) {
      text += piece.text;
      if (filled || !text.includes("line 0 ")) continue;
      filled = true;
      disk.fill();
      await superlink.waitForEvent("store-failed");
      disk.free();
    }
    assert.ok(filled, "the run was over before the disk was full");
    const lines = [...text.matchAll(/^.*line (\d+) /gm)].map((match) => Number(match[1]));
    assert.deepEqual(lines, Array.from({ length: 100 }, (_, i) => i));
    const { run } = await client.getRun(runId);
    assert.equal(run.subStatus, "completed");
  } finally {
    client.close();
  }
}, { ignore: !canMountSmallDisk() });
