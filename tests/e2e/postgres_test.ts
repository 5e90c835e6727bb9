/** A SuperLink whose state is in PostgreSQL: its connections are cut, and it is killed, in the middle of a run. */
import assert from "node:assert/strict";
import { CuttingProxy } from "../../link/store/postgres/testing/cutting_proxy.ts";
import { makeCredentials } from "../support/credentials.ts";
import {
  joined,
  lastingAddresses,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { undisturbedRun } from "../support/flwr_run.ts";
import { assertSameRun, runResult } from "../support/result.ts";
import { asOwner, hasPostgres, postgresServer } from "../support/postgres.ts";
import { scenario } from "../support/stage.ts";

scenario("PostgreSQL: two SuperLinks serve one run, and one of them is killed", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = undisturbedRun(stage, credentials);
  const target = await postgresServer();
  const database = `e2e_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, `CREATE DATABASE ${database}`);
  const flags = ["--database", `postgres://flwr@127.0.0.1:${target.port}/${database}`];
  const first = await startSuperLink({ stage, credentials, flags });
  const addresses = lastingAddresses();
  const second = await startSuperLink({ stage, credentials, flags, addresses });
  const goOn = stage.path("go-on");
  const config = `wait-round=2 wait-file="${goOn}"`;
  const { fleet } = second;
  const waiting = startSuperNode({ stage, credentials, fleet, node: 1, config });
  await joined(waiting);
  await joined(startSuperNode({ stage, credentials, fleet: first.fleet, node: 2 }));
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver: first.driver, result });

  await waiting.waitForLine(/Waiting in round 2/);
  await second.process.end("SIGKILL");
  await first.process.waitForEvent("superlink-ended");
  await startSuperLink({ stage, credentials, flags, addresses });
  await Deno.writeTextFile(goOn, "");

  assertSameRun(await runResult(run, result), await expected);
}, { ignore: !hasPostgres() });

scenario("PostgreSQL: a run survives cut connections and a killed SuperLink", async (stage) => {
  const target = await postgresServer();
  const database = `e2e_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(target, `CREATE DATABASE ${database}`);
  await using proxy = CuttingProxy.to(target);
  const credentials = await makeCredentials(stage.folder.path);
  const addresses = lastingAddresses();
  const { driver, fleet } = addresses;
  const start = () =>
    startSuperLink({
      stage,
      credentials,
      addresses,
      flags: ["--database", `postgres://flwr@127.0.0.1:${proxy.port}/${database}`],
    });
  let superlink = await start();
  const nodes = [1, 2].map((node) => startSuperNode({ stage, credentials, fleet, node }));
  await Promise.all(nodes.map(joined));
  const run = startServerApp({
    ...{ stage, credentials, driver, result: stage.path("result.json"), rounds: 5 },
  });
  await superlink.process.waitForEvent("instruction-answered");
  proxy.cut();
  await superlink.process.end("SIGKILL");
  superlink = await start();
  await superlink.process.waitForEvent("instruction-answered");
  for (let cut = 0; cut < 3; cut++) {
    proxy.cut();
    await Promise.race([
      superlink.process.waitForEvent("instruction-handed-out"),
      run.ended(60),
    ]);
  }
  assert.equal((await run.ended(60)).code, 0);
  const history = JSON.parse(await Deno.readTextFile(stage.path("result.json")));
  assert.ok(history !== undefined);
  assert.deepEqual(nodes.map(({ status }) => status), [undefined, undefined], "nobody gave up");
}, { ignore: !hasPostgres() });
