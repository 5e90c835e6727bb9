/**
 * The real Flower 1.9.0 at either end of our processes, with TLS and authentication. In each combination the final
 * weights must equal those of the run with nothing but the real Flower, bit for bit.
 */
import assert from "node:assert/strict";
import { NIGHTLY } from "../support/nightly.ts";
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { startPeerServerApp, startPeerSuperLink, startPeerSuperNode } from "../support/peer.ts";
import { RawDriver } from "../support/raw_driver.ts";
import { assertSameRun, type RunResult, runResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { pythonScenario } from "./python_scenario.ts";
import { pythonRun } from "./reference_run.ts";

let known: RunResult | undefined;

/** The result of the all-Python run, which is made once for all tests of this file. */
async function reference(
  stage: Stage,
  python: string,
  credentials: Credentials,
): Promise<RunResult> {
  return known ??= await pythonRun(stage, python, credentials);
}

pythonScenario("flwr 1.9: Python SuperNodes train on our SuperLink", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, python, credentials);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  for (const node of [1, 2]) startPeerSuperNode({ stage, python, credentials, fleet, node });
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result });
  assertSameRun(await runResult(run, result), await expected);
});

pythonScenario("flwr 1.9: a Python ServerApp drives our SuperLink", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, python, credentials);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  for (const node of [1, 2]) await joined(startSuperNode({ stage, credentials, fleet, node }));
  const result = stage.path("result.json");
  // this one asks a node for the initial arrays, as Flower's own default is
  const run = startPeerServerApp({ stage, python, credentials, driver, result, initial: "client" });
  assertSameRun(await runResult(run, result), await expected);
});

// By day, their_superlink_test.ts shows it.
pythonScenario("flwr 1.9: our SuperNode trains on a Python SuperLink", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, python, credentials);
  const { driver, fleet } = await startPeerSuperLink({ stage, python, credentials });
  await joined(startSuperNode({ stage, credentials, fleet, node: 1 }));
  startPeerSuperNode({ stage, python, credentials, fleet, node: 2 });
  const result = stage.path("result.json");
  const run = startPeerServerApp({ stage, python, credentials, driver, result });
  assertSameRun(await runResult(run, result), await expected);
}, { ignore: !NIGHTLY });

pythonScenario("flwr 1.9: our ServerApp drives a Python SuperLink", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, python, credentials);
  const { driver, fleet } = await startPeerSuperLink({ stage, python, credentials });
  for (const node of [1, 2]) startPeerSuperNode({ stage, python, credentials, fleet, node });
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result });
  assertSameRun(await runResult(run, result), await expected);
});

pythonScenario(
  "flwr 1.9: a Python and a TypeScript SuperNode share a run",
  async (stage, python) => {
    const credentials = await makeCredentials(stage.folder.path);
    const expected = reference(stage, python, credentials);
    const { driver, fleet } = await startSuperLink({ stage, credentials });
    startPeerSuperNode({ stage, python, credentials, fleet, node: 1 });
    await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
    const result = stage.path("result.json");
    // the start comes from one of the nodes, whichever is asked
    const run = startServerApp({ stage, credentials, driver, result, initial: "client" });
    assertSameRun(await runResult(run, result), await expected);
  },
);

pythonScenario(
  "flwr 1.9: without TLS, Python at all ends of our SuperLink",
  async (stage, python) => {
    const credentials = await makeCredentials(stage.folder.path);
    const expected = reference(stage, python, credentials);
    const { driver, fleet } = await startSuperLink({ stage });
    for (const node of [1, 2]) startPeerSuperNode({ stage, python, fleet, node });
    const result = stage.path("result.json");
    const run = startPeerServerApp({ stage, python, driver, result });
    assertSameRun(await runResult(run, result), await expected);
  },
);

pythonScenario("flwr 1.9: a model of 6 MB goes all ways", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  startPeerSuperNode({ stage, python, credentials, fleet, node: 1 });
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const [theirs, ours] = [stage.path("theirs.json"), stage.path("ours.json")];
  const options = { stage, credentials, driver, initial: "large", rounds: 1 } as const;
  const theirRun = startPeerServerApp({ ...options, python, result: theirs });
  const expected = await runResult(theirRun, theirs);
  assertSameRun(await runResult(startServerApp({ ...options, result: ours }), ours), expected);
});

pythonScenario(
  "flwr 1.9: a Python SuperNode that left comes back under its id",
  async (stage, python) => {
    const credentials = await makeCredentials(stage.folder.path, 1);
    const { driver, fleet } = await startSuperLink({ stage, credentials });
    using watcher = await RawDriver.connect(driver, credentials);
    const isThere = async () => (await watcher.nodes())[0];
    const start = () => startPeerSuperNode({ stage, python, credentials, fleet, node: 1 });
    const first = start();
    const id = await eventually(isThere, 30, "the Python SuperNode to join");
    // once it has done something it is past its start, where Ctrl-C is a crash
    await watcher.instruct(id);
    await first.waitForLine(/Sent reply/);
    first.signal("SIGINT");
    const isGone = async () => (await watcher.nodes()).length === 0;
    await eventually(isGone, 30, "the Python SuperNode to leave");
    // grpcio may wait for ever at its end for a call that the signal cut short
    await first.end("SIGKILL");
    start();
    assert.equal(await eventually(isThere, 30, "the Python SuperNode to join again"), id);
  },
);
