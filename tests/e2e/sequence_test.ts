import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { assertSameRun, runResult } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

scenario("one SuperLink and its nodes serve one run after the other", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  const nodes = [1, 2].map((node) => startSuperNode({ stage, credentials, fleet, node }));
  await Promise.all(nodes.map(joined));
  const results = [];
  for (const number of [1, 2]) {
    const result = stage.path(`result-${number}.json`);
    const history = stage.path(`history-${number}.json`);
    const flags = ["--json", history];
    const run = startServerApp({ stage, credentials, driver, result, flags });
    results.push(await runResult(run, result));
    assert.ok(JSON.parse(await Deno.readTextFile(history)));
  }
  assertSameRun(results[1]!, results[0]!);
  assert.deepEqual(nodes.map(({ status }) => status), [undefined, undefined], "the nodes stay");
});

scenario("one SuperLink and its nodes serve two runs at the same time", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  await Promise.all(
    [1, 2].map((node) => joined(startSuperNode({ stage, credentials, fleet, node }))),
  );
  const [first, second] = await Promise.all([1, 2].map((number) => {
    const result = stage.path(`result-${number}.json`);
    return runResult(startServerApp({ stage, credentials, driver, result }), result);
  }));
  assertSameRun(second!, first!);
});
