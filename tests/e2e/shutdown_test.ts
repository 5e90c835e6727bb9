/** Ctrl-C: each role leaves in order, and says so to whom it concerns. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import {
  joined,
  lastingAddresses,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { RawDriver } from "../support/raw_driver.ts";
import { assertNoStackTrace } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

scenario("Ctrl-C: a SuperNode leaves the federation at once", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, 1);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  using watcher = await RawDriver.connect(driver, credentials);
  const node = startSuperNode({ stage, credentials, fleet, node: 1 });
  const id = BigInt(await joined(node));
  assert.deepEqual((await watcher.nodes()).map((known) => BigInt.asUintN(64, known)), [id]);

  const status = await node.end("SIGINT");

  assert.deepEqual(await watcher.nodes(), [], "DeleteNode was sent before the end");
  assert.equal(status.code, 0);
  assertNoStackTrace(node);
});

scenario("Ctrl-C: a SuperNode leaves in the middle of a training", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet, process: superlink } = await startSuperLink({ stage, credentials });
  using watcher = await RawDriver.connect(driver, credentials);
  const config = `wait-round=1 wait-file="${stage.path("never")}"`;
  const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
  const second = startSuperNode({ stage, credentials, fleet, node: 2 });
  const [id] = await Promise.all([joined(first), joined(second)]);
  const result = stage.path("result.json");
  startServerApp({ stage, credentials, driver, result, rounds: 1 });
  await first.waitForLine(/Waiting in round 1/);

  const status = await first.end("SIGTERM");

  assert.equal((await watcher.nodes()).length, 1);
  assert.equal(status.code, 0);
  assertNoStackTrace(first);
  // The ServerApp need not wait: the node replies with an error before it leaves.
  await superlink.waitForEvent("instruction-answered", { nodeId: id });
});

scenario("Ctrl-C: a ServerApp ends without success, and the next run succeeds", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  const goOn = stage.path("go-on");
  const config = `wait-round=1 wait-file="${goOn}"`;
  const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
  await joined(first);
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const result = stage.path("result.json");
  const interrupted = startServerApp({ stage, credentials, driver, result });
  await first.waitForLine(/Waiting in round 1/);

  const status = await interrupted.end("SIGINT");
  assert.notEqual(status.code, 0);
  assertNoStackTrace(interrupted);

  await Deno.writeTextFile(goOn, "");
  const next = startServerApp({ stage, credentials, driver, result, rounds: 1 });
  assert.equal((await next.ended(60)).code, 0);
});

scenario("Ctrl-C: a SuperLink stops, and a restarted one gets its nodes back", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, 1);
  const addresses = lastingAddresses();
  const { process, driver, fleet } = await startSuperLink({ stage, credentials, addresses });
  const node = startSuperNode({ stage, credentials, fleet, node: 1 });
  await joined(node);

  const status = await process.end("SIGINT");
  assert.equal(status.code, 0);
  assertNoStackTrace(process);

  await startSuperLink({ stage, credentials, addresses });
  using watcher = await RawDriver.connect(driver, credentials);
  await eventually(
    async () => (await watcher.nodes()).length === 1,
    60,
    "the node to join the new SuperLink",
  );
});
