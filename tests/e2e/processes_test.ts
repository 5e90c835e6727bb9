/** A SuperLink of two processes on the same ports: they serve one run, and one of them is killed in it. */
import assert from "node:assert/strict";
import { verifyFiles } from "../../roles/audit/verify_files.ts";
import { makeCredentials } from "../support/credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { runResult } from "../support/result.ts";
import { asOwner, hasPostgres, postgresServer } from "../support/postgres.ts";
import { scenario } from "../support/stage.ts";

scenario(
  "processes: two serve one run, the killed one starts again, and SIGTERM ends both",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const target = await postgresServer();
    const database = `e2e_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(target, `CREATE DATABASE ${database}`);
    const logFile = stage.path("superlink.log");
    const { process, fleet, driver } = await startSuperLink({
      stage,
      credentials,
      flags: [
        ...["--database", `postgres://flwr@127.0.0.1:${target.port}/${database}`],
        ...["--processes", "2", "--log-file", logFile, "--audit-log", stage.path("audit.log")],
        ...["--metrics-address", "127.0.0.1:0"],
      ],
    });
    await process.waitForEvent("processes-ready", { count: 2 });
    const pids = new Map(
      process.records.filter(({ event }) => event === "process-started")
        .map(({ fields: { number, pid } }) => [number, Number(pid)]),
    );
    assert.deepEqual(new Set(pids.keys()), new Set([1, 2]));

    const metrics = process.records.filter(({ event, fields }) =>
      event === "listening" && fields["api"] === "metrics"
    );
    assert.deepEqual(new Set(metrics.map(({ fields }) => fields["process"])), new Set([1, 2]));
    assert.equal(new Set(metrics.map(({ fields }) => fields["address"])).size, 2);
    for (const { fields: { address } } of metrics) {
      const response = await fetch(`http://${address}/metrics`);
      assert.match(await response.text(), /^flwr_nodes\{state="online"\} 0$/m);
    }

    const goOn = stage.path("go-on");
    const config = `wait-round=2 wait-file="${goOn}"`;
    const waiting = startSuperNode({ stage, credentials, fleet, node: 1, config });
    await joined(waiting);
    await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
    const result = stage.path("result.json");
    const run = startServerApp({ stage, credentials, driver, result });
    await waiting.waitForLine(/Waiting in round 2/);
    Deno.kill(pids.get(2)!, "SIGKILL");
    await process.waitForEvent("process-ended", { number: 2, end: "SIGKILL" });
    await process.waitForEvent("process-started", { number: 2 });
    await process.waitForEvent("superlink-ready", { process: 2 });
    await Deno.writeTextFile(goOn, "");
    assert.equal((await runResult(run, result)).rounds.length, 3);

    process.signal("SIGTERM");
    assert.equal((await process.ended(30)).code, 0);
    const stopped = process.records.filter(({ event }) => event === "superlink-stopped");
    assert.deepEqual(new Set(stopped.map(({ fields }) => fields["process"])), new Set([1, 2]));
    for (const number of [1, 2]) {
      const { faults, records } = await verifyFiles([stage.path(`audit.log-${number}`)]);
      assert.deepEqual(faults, []);
      assert.ok(records > 0);
    }
    const lines = (await Deno.readTextFile(logFile)).trim().split("\n");
    const events = (name: string) =>
      lines.filter((line) => line.includes(`"event":"${name}"`)).length;
    assert.deepEqual(["superlink-ready", "superlink-stopped", "processes-ready"].map(events), [
      3,
      2,
      1,
    ]);
  },
  { ignore: !hasPostgres() || Deno.build.os !== "linux" },
);

scenario("processes: they end if the one that started them is killed", async (stage) => {
  const target = await postgresServer();
  const database = `e2e_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, `CREATE DATABASE ${database}`);
  const { process } = await startSuperLink({
    stage,
    flags: [
      ...["--database", `postgres://flwr@127.0.0.1:${target.port}/${database}`],
      ...["--processes", "2"],
    ],
  });
  await process.waitForEvent("processes-ready");
  process.signal("SIGKILL");
  // Its output ends when the last of them has ended, because they write to it, too.
  await process.ended(30);
  const stopped = process.records.filter(({ event }) => event === "superlink-stopped");
  assert.equal(stopped.length, 2);
}, { ignore: !hasPostgres() || Deno.build.os !== "linux" });
