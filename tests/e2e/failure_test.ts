/** What fails in an app is told where the user looks, and costs no more than it must. */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import {
  joined,
  startFlwr,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { repositoryPath } from "../support/repository.ts";
import { assertNoStackTrace, runResult } from "../support/result.ts";
import { scenario } from "../support/stage.ts";

/** The place of an error. */
const PLACE = /[\w/]+\.ts:\d+:\d+/;

scenario("failure: a ClientApp that throws costs one reply, not the run", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  const config = "fail-round=2";
  const failing = startSuperNode({ stage, credentials, fleet, node: 1, config });
  const id = await joined(failing);
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const file = stage.path("result.json");
  const json = stage.path("history.json");
  const flags = ["--json", json];
  const run = startServerApp({ stage, credentials, driver, result: file, flags });

  const result = await runResult(run, file);

  assert.deepEqual(result.rounds.map(({ results }) => results), [2, 1, 2]);
  const { histories: [history] } = JSON.parse(await Deno.readTextFile(json));
  const [failure, ...more] = history.rounds[1].train.failures;
  assert.deepEqual([failure["node-id"], more], [id, []]);
  assert.match(failure.reason, PLACE);
  assert.ok(
    run.lines.some((line) => line.includes(id) && line.includes(failure.reason)),
    "the ServerApp's terminal names node, kind and place",
  );
  assert.ok(!run.lines.some((line) => line.includes("The disk is full")), "and not the text");
  const failed = failing.records.findIndex(({ event }) => event === "instruction-failed");
  const { fields } = failing.records[failed]!;
  assert.match(String(fields["reason"]), /The disk is full/, "the node's names the text");
  assert.ok(
    failing.records.slice(failed).some(({ message }) => PLACE.test(message)),
    "and file and line",
  );
});

scenario(
  "failure: a run in which every training failed does not look like success",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { driver, fleet } = await startSuperLink({ stage, credentials });
    const config = "fail-round=1";
    const start = (node: number) => startSuperNode({ stage, credentials, fleet, node, config });
    await Promise.all([1, 2].map((node) => joined(start(node))));
    const result = stage.path("result.json");
    const run = startServerApp({ stage, credentials, driver, result, rounds: 1 });

    assert.notEqual((await run.ended(30)).code, 0);
    assert.ok(run.lines.some((line) => line.startsWith("Error: ") && PLACE.test(line)));
  },
);

scenario("failure: a ServerApp that throws ends its run with the reason", async (stage) => {
  const { driver } = await startSuperLink({ stage });
  const apps = repositoryPath("tests/e2e/apps");
  const run = startFlwr(stage, "run", [
    ...["run", "fails:app", "--dir", apps, "--insecure", "--server", driver],
  ]);

  assert.notEqual((await run.ended(30)).code, 0);
  assert.ok(run.lines.some((line) => line.includes("There is nothing to train")));
});

scenario(
  "failure: of two SuperNodes with one key the older one ends and says why",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { driver, fleet, process: superlink } = await startSuperLink({ stage, credentials });
    const older = startSuperNode({ stage, credentials, fleet, node: 1 });
    const id = await joined(older);
    const newer = startSuperNode({ stage, credentials, fleet, node: 1 });
    assert.equal(await joined(newer), id);
    await superlink.waitForEvent("node-joined", { nodeId: id, takeover: true });

    const { code } = await older.ended(60);
    assert.equal(code, 1);
    assert.ok(older.lines.some((line) => line.startsWith("Error: ") && line.includes(id)));
    assertNoStackTrace(older);
    // The newer one is the node, and was not put offline by the older one's end.
    await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
    const result = stage.path("result.json");
    const run = startServerApp({ stage, credentials, driver, result, rounds: 1 });
    assert.equal((await run.ended(60)).code, 0);
  },
);
