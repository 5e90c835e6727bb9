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

/** What the SuperLink is told of an error: its kind and its place. */
const PLACE = /Error at [\w/]+\.ts:\d+:\d+; the node's log has the text/;

scenario("failure: a ClientApp that throws costs one reply, not the run", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  const config = "fail-round=2";
  const failing = startSuperNode({ stage, credentials, fleet, node: 1, config });
  const id = await joined(failing);
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const file = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result: file });

  const result = await runResult(run, file);

  assert.deepEqual(result.rounds.map(({ results }) => results), [2, 1, 2]);
  const told = run.lines.filter((line) => PLACE.test(line));
  assert.ok(
    told.some((line) => line.includes(id)),
    "the ServerApp's terminal names node, kind and place",
  );
  assert.ok(!run.lines.some((line) => line.includes("The disk is full")), "and not the text");
  const [text] = failing.lines.flatMap((line, index) =>
    line.includes("The disk is full") ? [index] : []
  );
  assert.ok(text !== undefined, "the node's names the text");
  assert.ok(
    failing.lines.slice(text).some((line) => /\.ts:\d+:\d+/.test(line)),
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
  assert.ok(run.lines.some((line) => /^Error: There is nothing to train/.test(line)));
});

scenario(
  "failure: of two SuperNodes with one key the older one ends and says why",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const { driver, fleet } = await startSuperLink({ stage, credentials });
    const older = startSuperNode({ stage, credentials, fleet, node: 1 });
    const id = await joined(older);
    const newer = startSuperNode({ stage, credentials, fleet, node: 1 });
    assert.equal(await joined(newer), id);

    const { code } = await older.ended(60);
    assert.equal(code, 1);
    assert.match(older.tail(), /Another SuperNode joined with the key of this node/);
    assertNoStackTrace(older);
    // The newer one is the node, and was not put offline by the older one's end.
    await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
    const result = stage.path("result.json");
    const run = startServerApp({ stage, credentials, driver, result, rounds: 1 });
    assert.equal((await run.ended(60)).code, 0);
  },
);
