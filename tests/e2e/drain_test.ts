/** SuperLinks that are stopped in the middle of their work. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { RawConnection } from "../../rpc/testing/raw_http.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { asOwner, hasPostgres, postgresServer } from "../support/postgres.ts";
import { assertNoStackTrace } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

const ROUNDS = 3;

const SERVER = `
import { FedAvg, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const config = (round) => ({ round });
  const result = await new FedAvg().start(grid, {
    numRounds: ${ROUNDS},
    trainConfig: config,
    evaluateConfig: config,
  });
  console.log("RESULTS " + result.rounds.map(({ train }) => train.results.length).join());
});`;

scenario(
  "a SuperLink that stops lets the round of its run end, and another one goes on",
  async (stage) => {
    const target = await postgresServer();
    const database = `drain_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(target, `CREATE DATABASE ${database}`);
    const url = `postgres://flwr@127.0.0.1:${target.port}/${database}`;
    const flags = ["--database", url, "--drain-timeout", "60"];
    const fab = await buildFab(
      await makeApp(stage.path("app"), {
        name: "drained",
        files: { "server.ts": SERVER, "client.ts": NO_COMPONENT },
      }),
    );
    const first = await startSuperLink({ stage, flags });
    const submitting = new ControlClient(
      openHttpChannel({ address: first.http, tls: "insecure" }),
    );
    const { runId } = await submitting.startRun({ fab, overrideConfig: new ConfigRecord() });
    submitting.close();
    await first.process.waitForEvent("run-began");
    const second = await startSuperLink({ stage, flags });
    const goOn = stage.path("go-on");
    const config = `wait-round=1 wait-file="${goOn}"`;
    const waiting = startSuperNode({ stage, fleet: second.fleet, node: 1, config });
    await joined(waiting);
    await joined(startSuperNode({ stage, fleet: second.fleet, node: 2 }));
    await waiting.waitForLine(/Waiting in round 1/);

    first.process.signal("SIGTERM");
    await first.process.waitForEvent("superlink-stops");
    await eventually(
      () => RawConnection.open(first.http).then((open) => open[Symbol.dispose](), () => true),
      10,
      "it to accept no more connections",
    );
    assert.equal(first.process.status, undefined);
    await Deno.writeTextFile(goOn, "");
    assert.equal((await first.process.ended(60)).code, 0);
    assertNoStackTrace(first.process);

    const client = new ControlClient(openHttpChannel({ address: second.http, tls: "insecure" }));
    const state = async () => (await client.getRun(runId)).run;
    await eventually(async () => (await state()).status === "finished", 60, "the run's end");
    const log = (await Array.fromAsync(client.streamLogs(runId))).map(({ text }) => text).join("");
    assert.equal((await state()).subStatus, "completed", log);
    client.close();
    assert.match(log, /The SuperLink was stopped\. The run continues from its last checkpoint/);
    assert.match(log, /RESULTS 2,2,2/);
    // Round 1 was not interrupted: its instruction came once.
    const received = waiting.records.filter(({ event, message }) =>
      event === "instruction-received" && /, round 1: received train/.test(message)
    );
    assert.equal(received.length, 1);
  },
  { ignore: !NIGHTLY || !hasPostgres() },
);

scenario("a SuperLink that drains ends at once at the second signal", async (stage) => {
  const { http, process } = await startSuperLink({ stage, flags: ["--drain-timeout", "600"] });
  using slow = await RawConnection.open(http);
  await slow.write(
    `POST /v1/control/list-runs HTTP/1.1\r\nHost: ${http}\r\n` +
      "Content-Type: application/protobuf\r\nContent-Length: 2\r\n\r\nz",
  );
  assert.equal((await fetch(`http://${http}/health`)).status, 200);
  process.signal("SIGTERM");
  await process.waitForEvent("superlink-stops");
  assert.equal(process.status, undefined);
  // Signals within a second count as one. The process may end before the last one is sent.
  const pressing = setInterval(() => {
    try {
      process.signal("SIGTERM");
    } catch (error) {
      assert.ok(error instanceof TypeError || error instanceof Deno.errors.NotFound);
    }
  }, 300);
  try {
    assert.equal((await process.ended(30)).code, 130);
  } finally {
    clearInterval(pressing);
  }
});
