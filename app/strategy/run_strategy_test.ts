import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import type { ProgressEvent } from "../events.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { historyToJson } from "./history_json.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "./strategy.ts";

const model = (value: number) =>
  ArrayRecord.fromTensors({ w: tensor("float32", [1], Float32Array.of(value)) });
const valueOf = (arrays: ArrayRecord) => arrays.tensors().get("w")!.data[0];

/** Sends one message to node 5 in each phase; the model of round n is n. */
class Counting extends Strategy {
  readonly seen: [string, number, unknown][] = [];

  override configureTrain(round: Round): Promise<PhasePlan> {
    return this.#plan("train", round);
  }

  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#plan("evaluate", round);
  }

  override aggregateTrain(round: Round): TrainOutcome {
    return { ...this.aggregateEvaluate(), arrays: model(round.number) };
  }

  override aggregateEvaluate(): PhaseOutcome {
    const failures = [{ nodeId: 6n, code: 4, reason: "late" }];
    const metrics = new MetricRecord({ loss: NaN, big: 2n ** 60n, list: [1, 2] });
    return { results: [2n ** 63n + 1n], failures, aggregated: true, metrics };
  }

  override initialArrays() {
    return Promise.resolve({ arrays: model(0) });
  }

  #plan(messageType: string, { number, arrays, config, grid }: Round): Promise<PhasePlan> {
    this.seen.push([messageType, number, valueOf(arrays)]);
    config.set("added", 1);
    const message = Message.create({
      content: { config },
      dstNodeId: 5n,
      messageType,
      clock: grid.clock,
    });
    return Promise.resolve({ messages: [message], available: 1 });
  }
}

function setUp() {
  const clock = new FakeClock();
  const driver = new FakeDriver([5n], async (message) => {
    await clock.advance(2);
    return message.reply({});
  });
  const grid = new Grid(driver, 7n, { clock });
  const events: ProgressEvent[] = [];
  grid.subscribe((event) => events.push(event));
  return { driver, grid, events };
}

Deno.test("a round trains on the old model, then evaluates the new one", async () => {
  const { grid } = setUp();
  const strategy = new Counting();
  const evaluated: [number, unknown][] = [];
  const result = await strategy.start(grid, {
    numRounds: 2,
    evaluateFn: (round, arrays) => {
      evaluated.push([round, valueOf(arrays)]);
      return round === 1 ? undefined : { accuracy: round / 2 };
    },
  });
  assert.deepEqual(strategy.seen, [
    ["train", 1, 0],
    ["evaluate", 1, 1],
    ["train", 2, 1],
    ["evaluate", 2, 2],
  ]);
  assert.deepEqual(evaluated, [[0, 0], [1, 1], [2, 2]]);
  assert.deepEqual([...result.serverMetrics].map(([r, m]) => [r, m.get("accuracy")]), [[0, 0], [
    2,
    1,
  ]]);
  assert.equal(valueOf(result.arrays), 2);
  assert.equal(result.seconds, 8);
});

Deno.test("the events describe the run in order", async () => {
  const { grid, events } = setUp();
  await new Counting().start(grid, { numRounds: 1, evaluateFn: () => ({ accuracy: 0.5 }) });
  assert.deepEqual(events.map(({ type }) => type), [
    "strategy-started",
    "initial-arrays",
    "server-evaluated",
    "round-started",
    "phase-started",
    "reply",
    "phase-finished",
    "phase-started",
    "reply",
    "phase-finished",
    "server-evaluated",
    "round-finished",
    "strategy-finished",
  ]);
  assert.deepEqual(events[0], { type: "strategy-started", strategy: "Counting", numRounds: 1 });
});

Deno.test("a hook's additions to the config stay in its round", async () => {
  const { driver, grid } = setUp();
  const trainConfig = new ConfigRecord({ lr: 0.5 });
  await new Counting().start(grid, { numRounds: 2, trainConfig });
  assert.deepEqual(trainConfig.toObject(), { lr: 0.5 });
  const configs = driver.pushed.map(({ content }) => content.configRecord("config").toObject());
  assert.deepEqual(configs, [{ lr: 0.5, added: 1 }, { added: 1 }, { lr: 0.5, added: 1 }, {
    added: 1,
  }]);
});

Deno.test("the history as JSON: ids and numbers that JSON cannot represent are strings", async () => {
  const { grid } = setUp();
  const evaluateFn = (round: number) => round === 0 ? { accuracy: 0.1 } : undefined;
  const result = await new Counting().start(grid, { numRounds: 1, evaluateFn });
  const phase = {
    "node-ids": ["5"],
    available: 1,
    results: ["9223372036854775809"],
    failures: [{ "node-id": "6", code: 4, reason: "late" }],
    aggregated: true,
    metrics: { loss: "NaN", big: "1152921504606846976", list: [1, 2] },
    seconds: 2,
  };
  assert.deepEqual(JSON.parse(JSON.stringify(historyToJson(result))), {
    seconds: 4,
    "initial-server-metrics": { accuracy: 0.1 },
    rounds: [{ round: 1, train: phase, evaluate: phase, seconds: 4 }],
    nodes: [
      {
        "node-id": "5",
        asked: 1,
        contributed: 0,
        train: { asked: 1, contributed: 0 },
        evaluate: { asked: 1, contributed: 0 },
      },
      {
        "node-id": "6",
        asked: 1,
        contributed: 0,
        train: { asked: 0, contributed: 0 },
        evaluate: { asked: 0, contributed: 0 },
        "last-failure": { round: 1, phase: "evaluate", code: 4, reason: "late" },
      },
    ],
  });
});

Deno.test("invalid rounds and timeouts are refused; the signal ends the run", async () => {
  const { grid } = setUp();
  await assert.rejects(new Counting().start(grid, { numRounds: 0 }), /whole number from 1: got 0/);
  await assert.rejects(new Counting().start(grid, { timeout: 0 }), /above 0: got 0/);
  await assert.rejects(new Counting().start(grid, { signal: AbortSignal.abort() }), {
    code: "cancelled",
  });
});

Deno.test("stopWhen ends the run after a round, with that round's model", async () => {
  const { grid, events } = setUp();
  const seen: [number, number][] = [];
  const result = await new Counting().start(grid, {
    numRounds: 5,
    stopWhen: ({ round }, rounds) => {
      seen.push([round, rounds.length]);
      return round === 2;
    },
  });
  assert.deepEqual(seen, [[1, 1], [2, 2]]);
  assert.equal(result.rounds.length, 2);
  assert.equal(valueOf(result.arrays), 2);
  assert.equal(result.stoppedEarly, true);
  assert.ok(events.some((event) => event.type === "stopped-early" && event.round === 2));
  assert.equal(historyToJson(result)["stopped-early"], true);
});

Deno.test("stopWhen is not called after the last round", async () => {
  const { grid } = setUp();
  const result = await new Counting().start(grid, { numRounds: 1, stopWhen: () => true });
  assert.equal(result.stoppedEarly, false);
});

Deno.test("a stopWhen that does not return a boolean is refused", async () => {
  const { grid } = setUp();
  const stopWhen = (() => undefined) as unknown as () => boolean;
  await assert.rejects(new Counting().start(grid, { numRounds: 2, stopWhen }), {
    code: "invalid-argument",
  });
});
