/**
 * The real Flower 1.9.0 at either end of our processes, with TLS and authentication. In each combination the final
 * weights must equal those of the run with nothing but the real Flower, bit for bit.
 */
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { startPeerServerApp, startPeerSuperLink, startPeerSuperNode } from "../support/peer.ts";
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

pythonScenario("flwr 1.9: our SuperNode trains on a Python SuperLink", async (stage, python) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, python, credentials);
  const { driver, fleet } = await startPeerSuperLink({ stage, python, credentials });
  await joined(startSuperNode({ stage, credentials, fleet, node: 1 }));
  startPeerSuperNode({ stage, python, credentials, fleet, node: 2 });
  const result = stage.path("result.json");
  const run = startPeerServerApp({ stage, python, credentials, driver, result });
  assertSameRun(await runResult(run, result), await expected);
});

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
    const run = startServerApp({ stage, credentials, driver, result });
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
