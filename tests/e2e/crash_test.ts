/**
 * kill -9 of each role in the middle of a round. The run must end with all its rounds, and with the weights of the
 * undisturbed run: they would differ if a reply were lost, or counted twice.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { takeAttached } from "../../app/checkpoint/attached_state.ts";
import { decodeRecords } from "../../app/checkpoint/encode.ts";
import { roundsFromRecords } from "../../app/checkpoint/rounds_checkpoint.ts";
import { CHECKPOINT_FOLDER } from "../../roles/output/checkpoint_folder.ts";
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import {
  joined,
  lastingAddresses,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { undisturbedRun } from "../support/flwr_run.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { assertSameRun, type RunResult, runResult } from "../support/result.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Time for the checkpoint of a small model to be written, however busy the disk is. */
const CHECKPOINT_SECONDS = 30;

let known: RunResult | undefined;

async function reference(stage: Stage, credentials: Credentials): Promise<RunResult> {
  return known ??= await undisturbedRun(stage, credentials);
}

scenario("crash: a run goes on after kill -9 of its SuperLink", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, credentials);
  const flags = ["--database", stage.path("superlink.db")];
  const addresses = lastingAddresses();
  const before = await startSuperLink({ stage, credentials, flags, addresses });
  const { fleet, driver } = before;
  const goOn = stage.path("go-on");
  const config = `wait-round=2 wait-file="${goOn}"`;
  const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
  await joined(first);
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result });

  await first.waitForLine(/Waiting in round 2/);
  await before.process.end("SIGKILL");
  await startSuperLink({ stage, credentials, flags, addresses });
  await Deno.writeTextFile(goOn, "");

  assertSameRun(await runResult(run, result), await expected);
});

scenario("crash: a run goes on after kill -9 of a SuperNode that comes back", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, credentials);
  const { fleet, driver } = await startSuperLink({ stage, credentials });
  const config = `wait-round=2 wait-file="${stage.path("never")}"`;
  const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
  const firstId = await joined(first);
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result });

  await first.waitForLine(/Waiting in round 2/);
  await first.end("SIGKILL");
  const again = startSuperNode({ stage, credentials, fleet, node: 1 });
  assert.equal(await joined(again), firstId, "the same key is the same node");

  assertSameRun(await runResult(run, result), await expected);
});

scenario("crash: a run goes on after its ClientApp dies", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  const expected = reference(stage, credentials);
  const { fleet, driver } = await startSuperLink({ stage, credentials });
  const died = stage.path("died");
  const config = `crash-round=2 crash-file="${died}"`;
  await joined(startSuperNode({ stage, credentials, fleet, node: 1, config }));
  await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result });

  assertSameRun(await runResult(run, result), await expected);
  assert.ok((await Deno.stat(died)).isFile, "the app did die");
});

/** Waits until the checkpoint after a round is on the disk. The next round begins before that, unless it is the first. */
async function checkpointOf(folder: string, round: number): Promise<void> {
  const file = join(folder, CHECKPOINT_FOLDER, "start-1.checkpoint");
  const isThere = async () => {
    const records = takeAttached(await decodeRecords(await Deno.readFile(file))).own;
    return roundsFromRecords(records).rounds.length >= round;
  };
  await eventually(isThere, CHECKPOINT_SECONDS, `the checkpoint after round ${round}`);
}

/** Rounds in which the ServerApp is killed: the first and the last one every night. */
const KILLED_IN = NIGHTLY ? [1, 2, 3] : [2];

for (const round of KILLED_IN) {
  const title = `crash: a ServerApp that was killed in round ${round} goes on with --resume`;
  scenario(title, async (stage) => {
    const credentials = await makeCredentials(stage.folder.path);
    const expected = reference(stage, credentials);
    const { fleet, driver } = await startSuperLink({ stage, credentials });
    const goOn = stage.path("go-on");
    const config = `wait-round=${round} wait-file="${goOn}"`;
    const first = startSuperNode({ stage, credentials, fleet, node: 1, config });
    await joined(first);
    await joined(startSuperNode({ stage, credentials, fleet, node: 2 }));
    const result = stage.path("result.json");
    const [killed, resumed] = [stage.path("killed"), stage.path("resumed")];
    const flags = ["--artifacts", killed];
    const run = startServerApp({ stage, credentials, driver, result, flags });
    await first.waitForLine(new RegExp(`Waiting in round ${round}`));
    await checkpointOf(killed, round - 1);
    await run.end("SIGKILL");
    await Deno.writeTextFile(goOn, "");

    const again = startServerApp({
      ...{ stage, credentials, driver, result },
      flags: ["--artifacts", resumed, "--resume", killed],
    });
    assertSameRun(await runResult(again, result), await expected);
    assert.ok(again.lines.some((line) => line === `Resumed after round ${round - 1} of 3`));
    // A run that has completed can go on with more rounds.
    const longer = stage.path("longer.json");
    const more = startServerApp({
      ...{ stage, credentials, driver, result: longer, rounds: 4 },
      flags: ["--resume", resumed],
    });
    assert.equal((await runResult(more, longer)).rounds.length, 4);
    assert.ok(more.lines.some((line) => line === "Resumed after round 3 of 4"));
  });
}

scenario(
  "crash: a run survives a kill -9 of SuperLink or SuperNode in each round",
  async (stage) => {
    // Two kills of each: of a node and the SuperLink in turn.
    const rounds = NIGHTLY ? 8 : 4;
    const credentials = await makeCredentials(stage.folder.path);
    const flags = ["--database", stage.path("superlink.db")];
    const addresses = lastingAddresses();
    let superLink = await startSuperLink({ stage, credentials, flags, addresses });
    const { fleet, driver } = superLink;
    const start = (node: number) => startSuperNode({ stage, credentials, fleet, node });
    const nodes = [1, 2].map(start);
    await Promise.all(nodes.map(joined));
    const result = (name: string) => ({ driver, rounds, result: stage.path(name) });
    const calm = result("calm.json");
    const expected = await runResult(startServerApp({ stage, credentials, ...calm }), calm.result);

    const wild = result("wild.json");
    const run = startServerApp({ stage, credentials, ...wild });
    for (let round = 1; round <= rounds; round++) {
      await run.waitForLine(new RegExp(`Configuring round ${round}$`));
      if (round % 2 === 0) {
        await superLink.process.end("SIGKILL");
        superLink = await startSuperLink({
          stage,
          credentials,
          flags,
          addresses,
        });
      } else {
        const index = round % 4 === 1 ? 0 : 1;
        await nodes[index]!.end("SIGKILL");
        nodes[index] = start(index + 1);
      }
    }

    assertSameRun(await runResult(run, wild.result), expected);
  },
);
