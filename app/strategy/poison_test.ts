import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { MetricRecord } from "../metric_record.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { instruction } from "../testing.ts";
import { Bulyan } from "./bulyan.ts";
import { FedAdagrad, FedAdam, FedYogi } from "./fedopt.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { FedAvgM } from "./fedavgm.ts";
import { FedMedian, FedTrimmedAvg } from "./order_statistics.ts";
import { FedDyn } from "./feddyn.ts";
import { FedNova } from "./fednova.ts";
import { FedProx } from "./fedprox.ts";
import { Krum, MultiKrum } from "./krum.ts";
import { QFedAvg } from "./qfedavg.ts";

const STRATEGIES: Readonly<Record<string, (options: FedAvgOptions) => FedAvg>> = {
  FedAvg: (options) => new FedAvg(options),
  FedProx: (options) => new FedProx({ proximalMu: 0.1, ...options }),
  FedAvgM: (options) => new FedAvgM({ serverMomentum: 0.9, ...options }),
  FedAdagrad: (options) => new FedAdagrad(options),
  FedAdam: (options) => new FedAdam(options),
  FedYogi: (options) => new FedYogi(options),
  FedMedian: (options) => new FedMedian(options),
  FedTrimmedAvg: (options) => new FedTrimmedAvg(options),
  Krum: (options) => new Krum(options),
  MultiKrum: (options) => new MultiKrum({ numNodesToSelect: 3, ...options }),
  Bulyan: (options) => new Bulyan(options),
  FedDyn: (options) => new FedDyn(options),
  FedNova: (options) => new FedNova({ localStepsKey: "num-examples", ...options }),
  QFedAvg: (options) =>
    new QFedAvg({ clientLearningRate: 0.1, trainLossKey: "num-examples", ...options }),
};

/** Finite but harmful doubles, and a second reply a round later that the first one prepares. */
const POISONS: readonly (readonly [first: readonly number[], second: readonly number[]])[] = [
  [[1e200, 1e200], [-1e200, -1e200]],
  [[-1e200, 1e200], [1e200, -1e200]],
  [[1.7e308, 1.7e308], [-1.7e308, -1.7e308]],
  [[1.7e308, -1.7e308], [1.7e308, -1.7e308]],
  [[1e155, 0], [-1e155, 0]],
  [[1e31, -1e31], [-1e31, 1e31]],
  [[3.5e38, 3.5e38], [-3.5e38, 0]],
  [[Number.MAX_VALUE, 0], [0, -Number.MAX_VALUE]],
];

const POISONER: NodeId = 4n;
const HONEST: readonly NodeId[] = [2n, 3n, 5n, 6n];
const doubles = (values: readonly number[]) =>
  ArrayRecord.fromTensors({ w: tensor("float64", [2], Float64Array.from(values)) });
const valuesOf = (arrays: ArrayRecord) => [...arrays.viewTensors().get("w")!.data].map(Number);

function round(strategy: FedAvg, number: number, arrays: ArrayRecord, poison?: readonly number[]) {
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  const [a, b] = valuesOf(arrays) as [number, number];
  const reply = (nodeId: NodeId, model: ArrayRecord) =>
    instruction({ dstNodeId: nodeId }).reply({
      arrays: model,
      metrics: new MetricRecord({ "num-examples": 10 }),
    });
  const replies = HONEST.map((id) => reply(id, doubles([a + 0.25 * Number(id), b - 0.5])));
  if (poison !== undefined) replies.push(reply(POISONER, doubles(poison)));
  const sent = { number, arrays, config: new ConfigRecord(), grid };
  const { arrays: next = arrays, ...outcome } = strategy.aggregateTrain(sent, replies);
  return { arrays: next, outcome };
}

/** Two rounds with replies that may be poisoned, and two honest ones. */
function run(strategy: FedAvg, poisons: readonly (readonly number[])[] = []) {
  let arrays = doubles([1, -1]);
  const outcomes = [];
  const models = [];
  for (let number = 1; number <= 4; number++) {
    const made = round(strategy, number, arrays, poisons[number - 1]);
    arrays = made.arrays;
    outcomes.push(made.outcome);
    models.push(valuesOf(arrays));
  }
  return { outcomes, models };
}

Deno.test("a poisoned reply is refused because of its size, its node is named, and no state is left", async (t) => {
  for (const [name, make] of Object.entries(STRATEGIES)) {
    await t.step(name, () => {
      const honest = run(make({})).models;
      for (const poisons of POISONS) {
        const { outcomes, models } = run(make({}), poisons);
        assert.deepEqual(models, honest, String(poisons));
        for (const [i, { aggregated, failures }] of outcomes.entries()) {
          assert.ok(aggregated);
          assert.deepEqual(failures.map(({ nodeId }) => nodeId), i < 2 ? [POISONER] : []);
        }
      }
    });
  }
});

Deno.test("without a bound, models and state stay finite: replies that would spoil them are left out and named", async (t) => {
  for (const [name, make] of Object.entries(STRATEGIES)) {
    await t.step(name, () => {
      const honest = run(make({ maxUpdateNorm: Infinity })).models;
      for (const poisons of POISONS) {
        const { outcomes, models } = run(make({ maxUpdateNorm: Infinity }), poisons);
        assert.ok(models.flat().every(Number.isFinite), `${poisons}: ${models}`);
        // A momentum of 1.7e308 keeps growing, and FedDyn's h keeps acting, whatever the nodes reply: the model stays.
        if (name === "FedAvgM" || name === "FedDyn") continue;
        const named = outcomes.map(({ failures }) => failures.map(({ nodeId }) => nodeId));
        assert.ok(outcomes.every(({ aggregated }) => aggregated));
        assert.ok(named.flat().every((nodeId) => nodeId === POISONER), `${named}`);
        if (named.flat().length === 2) assert.deepEqual(models, honest, String(poisons));
      }
    });
  }
});

Deno.test("the adaptive strategies name a poisoner even without a bound", () => {
  for (const name of ["FedAdam", "FedAdagrad", "FedYogi"]) {
    const make = STRATEGIES[name]!;
    const { outcomes } = run(make({ maxUpdateNorm: Infinity }), POISONS[0]);
    const named = outcomes.map(({ failures }) => failures.map(({ nodeId }) => nodeId));
    assert.deepEqual(named, [[POISONER], [POISONER], [], []]);
  }
});

Deno.test("a bound refuses a larger update, or clips it to the bound", () => {
  const refused = run(new FedAvg({ maxUpdateNorm: 5 }), [[31, 39]]);
  assert.deepEqual(refused.models, run(new FedAvg()).models);
  assert.match(refused.outcomes[0]!.failures[0]!.reason, /has norm 50, at most 5 is accepted/);
  // The update (30, 40) becomes (3, 4).
  const clipped = run(new FedAvg({ maxUpdateNorm: 5, largeUpdates: "clip" }), [[31, 39]]);
  const expected = run(new FedAvg(), [[4, 3]]);
  clipped.models.flat().forEach((value, i) => {
    assert.ok(Math.abs(value - expected.models.flat()[i]!) < 1e-12);
  });
  assert.deepEqual(clipped.outcomes[0]!.failures, []);
  const beyond = run(new FedAvg({ maxUpdateNorm: 5, largeUpdates: "clip" }), [[
    Number.MAX_VALUE,
    Number.MAX_VALUE,
  ]]);
  assert.deepEqual(beyond.outcomes[0]!.failures.map(({ nodeId }) => nodeId), [POISONER]);
});

Deno.test("a scalar that fits double precision, and not the model's own type, is left out", () => {
  const record = (value: Tensor) => ArrayRecord.fromTensors({ scale: value });
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  const strategy = new FedAvg({ maxUpdateNorm: Infinity });
  const single = record(tensor("float32", [], Float32Array.of(1)));
  const double = record(tensor("float64", [], Float64Array.of(1e200)));
  let arrays = single;
  for (let number = 1; number <= 2; number++) {
    const replies = [single, double].map((reply, i) =>
      instruction({ dstNodeId: BigInt(i + 2) }).reply({
        arrays: reply,
        metrics: new MetricRecord({ "num-examples": 10 }),
      })
    );
    const sent = { number, arrays, config: new ConfigRecord(), grid };
    const outcome = strategy.aggregateTrain(sent, replies);
    assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [3n]);
    assert.equal(outcome.arrays!.viewTensors().get("scale")!.data[0], 1);
    arrays = outcome.arrays!;
  }
});

Deno.test("if every reply would spoil the model, the old one stays and the largest updates are named", () => {
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  const strategy = new FedAdam({ maxUpdateNorm: Infinity });
  const replies = Array.from(
    { length: 30 },
    (_, i) =>
      instruction({ dstNodeId: BigInt(i + 2) }).reply({
        arrays: doubles([1e200 * (i + 1), 0]),
        metrics: new MetricRecord({ "num-examples": 10 }),
      }),
  );
  const sent = { number: 1, arrays: doubles([0, 0]), config: new ConfigRecord(), grid };
  const { arrays, aggregated, failures, results } = strategy.aggregateTrain(sent, replies);
  assert.deepEqual([arrays, aggregated, results], [undefined, false, []]);
  assert.equal(failures.at(-1)!.nodeId, 31n);
  // The number of attempts is limited, however many nodes there are.
  assert.equal(failures.length, 11);
});

Deno.test("an invalid bound is refused by name", () => {
  for (const maxUpdateNorm of [0, -1, NaN]) {
    assert.throws(() => new FedAvg({ maxUpdateNorm }), /maxUpdateNorm/);
  }
  assert.throws(() => new FedAvg({ largeUpdates: "drop" as "clip" }), /largeUpdates/);
});
