import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { ArtifactStore } from "../artifacts.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { MetricRecord } from "../metric_record.ts";
import type { RoundRecord } from "../result.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { encodeHistory } from "./encode_history.ts";
import { HistoryArtifact } from "./history_artifact.ts";
import { HistoryRecorder } from "./history_recorder.ts";
import { metricRanges } from "./metric_ranges.ts";
import type { RunHistory } from "./run_history.ts";

const MODEL = ArrayRecord.fromTensors({
  w: { dtype: "float32", shape: [1], data: new Float32Array([1]) },
});

/** A run of two nodes, which answer with the loss of the round. Node 6 fails in the rounds of `failing`. */
function setUp(failing: readonly number[] = []) {
  const clock = new FakeClock();
  const driver = new FakeDriver([5n, 6n], async (message) => {
    await clock.advance(1);
    const { dstNodeId, groupId, messageType } = message.metadata;
    const round = Number(groupId);
    if (dstNodeId === 6n && failing.includes(round)) {
      return message.replyError(2, `round ${round} failed`);
    }
    const metrics = new MetricRecord({ loss: 1 / round, "num-examples": 10 });
    return message.reply(messageType === "train" ? { arrays: MODEL, metrics } : { metrics });
  });
  driver.names.set(6n, "hospital-b");
  const grid = new Grid(driver, 7n, { clock });
  const saved = new Map<string, Uint8Array>();
  const store: ArtifactStore = {
    save: (name, bytes) => (saved.set(name, bytes), Promise.resolve(true)),
  };
  const artifact = new HistoryArtifact(grid, new ConfigRecord({ lr: 0.5, n: 2n ** 60n }), store);
  const read = () => JSON.parse(new TextDecoder().decode(saved.get("history.json"))) as RunHistory;
  return { grid, saved, artifact, read };
}

const strategy = (fractionEvaluate = 1) => new FedAvg({ fractionEvaluate });

Deno.test("history: a run's rounds, metrics and failures are in history.json", async () => {
  const { grid, artifact, read } = setUp([2]);
  await strategy().start(grid, {
    numRounds: 3,
    initialArrays: MODEL,
    evaluateFn: (round) => ({ accuracy: round === 0 ? 0.1 : 0.8 - round / 10 }),
  });
  assert.equal(await artifact.saveHistory(), undefined);
  const { strategies: [history], ...run } = read();
  assert.deepEqual(run, {
    format: "flwr-history",
    version: 1,
    "run-id": "7",
    "run-config": { lr: 0.5, n: "1152921504606846976" },
    success: true,
  });
  const { rounds, metrics, ...rest } = history!;
  assert.deepEqual(rest, {
    strategy: "FedAvg",
    "num-rounds": 3,
    finished: true,
    seconds: rest.seconds,
    "initial-server-metrics": { accuracy: 0.1 },
  });
  assert.deepEqual(rounds.map(({ round }) => round), [1, 2, 3]);
  const { seconds, ...train } = rounds[1]!.train!;
  assert.ok(seconds >= 0);
  assert.deepEqual(train, {
    asked: 2,
    available: 2,
    results: 1,
    failures: 1,
    reasons: [{ reason: "round 2 failed", count: 1, "node-id": "6", name: "hospital-b" }],
    aggregated: true,
    metrics: { loss: 0.5 },
  });
  assert.deepEqual(metrics["evaluate/loss"], {
    final: 1 / 3,
    "final-round": 3,
    min: 1 / 3,
    "min-round": 3,
    max: 1,
    "max-round": 1,
  });
  assert.equal(metrics["server/accuracy"]!["max-round"], 1);
  assert.deepEqual(Object.keys(metrics), ["evaluate/loss", "server/accuracy", "train/loss"]);
});

Deno.test("history: a run that fails keeps the rounds that it reached", async () => {
  const { grid, artifact, read } = setUp();
  await assert.rejects(
    strategy().start(grid, {
      numRounds: 3,
      initialArrays: MODEL,
      evaluateFn: (round) => {
        if (round === 2) throw new RangeError("no test data");
        return undefined;
      },
    }),
  );
  await artifact.saveHistory("no test data");
  const { success, error, strategies: [history] } = read();
  assert.deepEqual([success, error, history!.finished], [false, "no test data", false]);
  assert.deepEqual(history!.rounds.map(({ round }) => round), [1]);
  assert.equal(history!.metrics["evaluate/loss"]!.final, 1);
});

Deno.test("history: each strategy of a run has its own, and a run without one has no file", async () => {
  const { grid, artifact, saved, read } = setUp();
  assert.equal(await artifact.saveHistory(), undefined);
  assert.equal(saved.size, 0);
  for (const numRounds of [1, 2]) {
    await strategy(0).start(grid, { numRounds, initialArrays: MODEL });
  }
  await artifact.saveHistory();
  assert.deepEqual(read().strategies.map(({ rounds }) => rounds.length), [1, 2]);
});

Deno.test("history: a file of the app with the same name is kept, and the log says so", async () => {
  for (const name of ["history.json", "History.json"]) {
    const { grid, artifact, saved } = setUp();
    await artifact.save(name, new Uint8Array([1]));
    await strategy().start(grid, { numRounds: 1, initialArrays: MODEL });
    assert.match((await artifact.saveHistory())!, new RegExp(`the app saved "${name}"`));
    assert.deepEqual([...saved], [[name, new Uint8Array([1])]]);
  }
});

Deno.test("history: a store that refuses it does not fail the run", async () => {
  const { grid } = setUp();
  const refusing: ArtifactStore = {
    save: () => Promise.reject(new FlwrError("resource-exhausted", "No space")),
  };
  const artifact = new HistoryArtifact(grid, new ConfigRecord(), refusing);
  await strategy().start(grid, { numRounds: 1, initialArrays: MODEL });
  assert.match((await artifact.saveHistory())!, /not saved: No space/);
});

/** A history with these rounds. */
async function historyOf(numRounds: number): Promise<RunHistory> {
  const { grid } = setUp();
  const recorder = new HistoryRecorder(grid);
  await strategy().start(grid, { numRounds, initialArrays: MODEL });
  return recorder.toJson(new ConfigRecord());
}

Deno.test("history: one that is too large has fewer rounds, and says so", async () => {
  const history = await historyOf(20);
  const decode = (bytes: Uint8Array): RunHistory => JSON.parse(new TextDecoder().decode(bytes));
  const whole = encodeHistory(history);
  assert.equal(whole.note, undefined);
  assert.equal(decode(whole.bytes).strategies[0]!.rounds.length, 20);
  let kept = 20;
  for (let limit = whole.bytes.length - 1; limit > 700; limit -= 100) {
    const thinned = encodeHistory(history, limit);
    assert.ok(thinned.bytes.length <= limit, `${thinned.bytes.length} of ${limit}`);
    const { rounds, metrics, "omitted-rounds": omitted } = decode(thinned.bytes).strategies[0]!;
    assert.equal(rounds.length + omitted!, 20);
    assert.ok(rounds.length <= kept && rounds.length < 20);
    kept = rounds.length;
    if (kept > 0) assert.deepEqual([rounds[0]!.round, rounds.at(-1)!.round], [1, 20]);
    assert.ok(thinned.note);
    assert.doesNotMatch(thinned.note, /[0-9]th/);
    assert.deepEqual(metrics, history.strategies[0]!.metrics);
  }
  assert.equal(kept, 0);
  assert.throws(() => encodeHistory(history, 300), { code: "resource-exhausted" });
});

Deno.test("history: NaN is no best value, unless there is nothing else", () => {
  const rounds = (values: readonly number[]): RoundRecord[] =>
    values.map((loss, index) => ({
      round: index + 1,
      serverMetrics: new MetricRecord({ loss, list: [1, 2] }),
      seconds: 1,
    }));
  const range = (...values: number[]) => metricRanges(rounds(values), new Map());
  const of = (values: readonly (number | string)[], [final, min, max]: number[]) => ({
    "server/loss": {
      final: values[0],
      "final-round": final,
      min: values[1],
      "min-round": min,
      max: values[2],
      "max-round": max,
    },
  });
  assert.deepEqual(range(NaN, 3, 1, NaN, 3), of([3, 1, 3], [5, 3, 2]));
  assert.deepEqual(range(NaN, NaN), of(["NaN", "NaN", "NaN"], [2, 1, 1]));
  assert.deepEqual(range(1, -Infinity, NaN), of(["NaN", "-Infinity", 1], [3, 2, 1]));
});
