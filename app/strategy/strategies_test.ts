import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { tensor } from "../../tensor/tensor.ts";
import vectors from "../../tests/vectors/flwr-1.41-strategies/strategies.json" with {
  type: "json",
};
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { MetricRecord } from "../metric_record.ts";
import { instruction } from "../testing.ts";
import { FedAdagrad, FedAdam, FedYogi } from "./fedopt.ts";
import { FedAvg } from "./fedavg.ts";
import { FedAvgM } from "./fedavgm.ts";
import { FedMedian, FedTrimmedAvg } from "./order_statistics.ts";
import { FedProx } from "./fedprox.ts";
import { krumScores } from "./aggregator/krum.ts";
import { Krum, MultiKrum } from "./krum.ts";
import type { Round } from "./strategy.ts";

type Model = { [name: string]: number[] };

const STRATEGIES: { [name: string]: new (options: object) => FedAvg } = {
  FedAvg,
  FedAvgM,
  FedAdagrad,
  FedAdam,
  FedYogi,
  FedMedian,
  FedTrimmedAvg,
  Krum,
  MultiKrum,
};

const record = (model: Model) =>
  ArrayRecord.fromTensors(
    Object.entries(model).map(([name, values]) =>
      [name, tensor("float64", [values.length], Float64Array.from(values))] as const
    ),
  );
const modelOf = (arrays: ArrayRecord): Model =>
  Object.fromEntries(
    [...arrays.tensors()].map(([name, { data }]) => [name, [...data].map(Number)]),
  );

/** One round of training without nodes: the strategy's aggregate of the nodes' models. */
function aggregate(strategy: FedAvg, number: number, sent: Model, trained: Model[]) {
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  const round: Round = { number, arrays: record(sent), config: new ConfigRecord(), grid };
  const replies = trained.map((model, node) =>
    instruction({ dstNodeId: BigInt(node + 2) }).reply({
      arrays: record(model),
      metrics: new MetricRecord({
        "num-examples": vectors.numExamples[node] ?? 1,
        loss: node / number,
      }),
    })
  );
  return strategy.aggregateTrain(round, replies);
}

function assertClose(actual: number, expected: number) {
  const scale = Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= 1e-12 * scale, `${actual} is not ${expected}`);
}

Deno.test("each strategy has the same results over three rounds as Flower's", async (t) => {
  for (const { strategy: name, options, rounds } of vectors.cases) {
    await t.step(name, () => {
      const strategy = new STRATEGIES[name]!(options);
      let sent: Model = vectors.initial;
      rounds.forEach((expected, i) => {
        const trained = vectors.updates[i]!.map((update: Model) =>
          Object.fromEntries(
            Object.entries(sent).map(([key, values]) =>
              [key, values.map((value, j) => value + update[key]![j]!)] as const
            ),
          )
        );
        const { arrays, metrics } = aggregate(strategy, i + 1, sent, trained);
        sent = modelOf(arrays!);
        for (const [key, values] of Object.entries(expected.arrays as Model)) {
          values.forEach((value, j) => assertClose(sent[key]![j]!, value));
        }
        assertClose(metrics!.number("loss"), expected.loss);
      });
    });
  }
});

const models = (...values: number[]) => values.map((value): Model => ({ w: [value] }));
const outcome = (strategy: FedAvg, ...values: number[]) =>
  modelOf(aggregate(strategy, 1, { w: [0] }, models(...values)).arrays!).w![0];

Deno.test("FedMedian: the middle one, or the mean of the middle two", () => {
  assert.equal(outcome(new FedMedian(), 1, 100, 3), 3);
  assert.equal(outcome(new FedMedian(), 4, 1, 100, 3), 3.5);
});

Deno.test("FedTrimmedAvg: cuts off ⌊β·n⌋ values at each end", () => {
  // β 0.25 of 4 cuts one at each end: (2 + 6) / 2; β 0.2 of 4 cuts none: (1 + 2 + 6 + 100) / 4
  assert.equal(outcome(new FedTrimmedAvg({ beta: 0.25 }), 100, 2, 6, 1), 4);
  assert.equal(outcome(new FedTrimmedAvg(), 100, 2, 6, 1), 27.25);
});

Deno.test("Krum's scores are sums of squared distances to the closest others", () => {
  const tensors = [0, 1, 3, 10].map((value) =>
    new Map([["w", tensor("float64", [1], Float64Array.of(value))]])
  );
  // The n − f − 2 = 2 closest of each: 1 + 9, 1 + 4, 4 + 9, 49 + 81
  assert.deepEqual(krumScores(tensors, 0), [10, 5, 13, 130]);
  // f = 1: the closest one
  assert.deepEqual(krumScores(tensors, 1), [1, 1, 4, 49]);
});

Deno.test("Krum selects one model unchanged, and of equal ones that of the lower node id", () => {
  const result = aggregate(new Krum({ numMaliciousNodes: 1 }), 1, { w: [0] }, models(0, 1, 3, 10));
  assert.deepEqual(modelOf(result.arrays!), { w: [0] });
  assert.deepEqual(result.results, [2n]);
  assert.deepEqual(result.failures, []);
});

Deno.test("FedAvgM without momentum and with learning rate 1 is bit-identical to FedAvg", () => {
  const values = [0.1, 0.2, 0.3];
  assert.equal(outcome(new FedAvgM(), ...values), outcome(new FedAvg(), ...values));
});

Deno.test("FedProx sends μ as a double, and averages like FedAvg", async () => {
  const driver = new FakeDriver([5n], () => undefined);
  const grid = new Grid(driver, 7n, { clock: new FakeClock() });
  const strategy = new FedProx({ proximalMu: 1, minTrainNodes: 1, minAvailableNodes: 1 });
  const round = { number: 1, arrays: record({ w: [1] }), config: new ConfigRecord(), grid };
  const { messages: [message] } = await strategy.configureTrain(round);
  const config = message!.content.configRecord("config");
  assert.deepEqual(config.typed("proximal-mu"), { type: "double", value: 1 });
  assert.equal(config.number("server-round"), 1);
  assert.equal(outcome(strategy, 2, 4, 6), outcome(new FedAvg(), 2, 4, 6));
});

Deno.test("options out of range are refused by name", () => {
  assert.throws(
    () => new FedProx({ proximalMu: -1 }),
    /proximalMu must be a number from 0: got -1/,
  );
  assert.throws(
    () => new FedAvgM({ serverMomentum: 2 }),
    /serverMomentum must be a number from 0 to 1/,
  );
  assert.throws(() => new FedAdam({ beta1: 1 }), /beta1/);
  assert.throws(() => new FedYogi({ tau: 0 }), /tau/);
  assert.throws(() => new FedTrimmedAvg({ beta: 0.5 }), /beta/);
  assert.throws(
    () => new Krum({ numMaliciousNodes: -1 }),
    /numMaliciousNodes must be a whole number from 0/,
  );
  assert.throws(() => new MultiKrum({ numNodesToSelect: 0 }), /numNodesToSelect/);
});
