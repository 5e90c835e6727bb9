/** Results of Flower's own strategies for small inputs, recorded with flwr 1.42.0 and numpy 2.4.6. */
import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import type { DType } from "../../tensor/dtype.ts";
import { type Tensor, zeros } from "../../tensor/tensor.ts";
import golden from "../../tests/vectors/flwr-1.42/strategies.json" with { type: "json" };
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { float } from "../float.ts";
import { Grid } from "../grid.ts";
import { MetricRecord } from "../metric_record.ts";
import { instruction } from "../testing.ts";
import { Bulyan } from "./bulyan.ts";
import { FedAvg } from "./fedavg.ts";
import { FedAvgM } from "./fedavgm.ts";
import { FedAdagrad, FedAdam, FedYogi } from "./fedopt.ts";
import { FedProx } from "./fedprox.ts";
import { Krum, MultiKrum } from "./krum.ts";
import { FedMedian, FedTrimmedAvg } from "./order_statistics.ts";
import { QFedAvg } from "./qfedavg.ts";

interface Recorded {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | boolean)[];
}
type Arrays = Readonly<Record<string, Recorded>>;
type Metrics = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
interface Case {
  readonly name: string;
  readonly strategy: string;
  readonly options: Readonly<Record<string, number | string>>;
  readonly initial: Arrays;
  readonly rounds: readonly {
    readonly server_round: number;
    readonly replies: readonly {
      readonly node_id: number;
      readonly error?: boolean;
      readonly arrays?: Arrays;
      readonly metrics?: Metrics;
    }[];
    readonly sent_config?: Metrics;
    readonly arrays?: Arrays | null;
    readonly metrics?: Metrics | null;
    readonly raises?: string;
  }[];
}

// deno-lint-ignore no-explicit-any -- Each strategy has its own options, which the file gives.
const STRATEGIES: Readonly<Record<string, new (options: any) => FedAvg>> = {
  Bulyan,
  FedAdagrad,
  FedAdam,
  FedAvg,
  FedAvgM,
  FedMedian,
  FedProx,
  FedTrimmedAvg,
  FedYogi,
  Krum,
  MultiKrum,
  QFedAvg,
};

/**
 * Largest difference to Flower's elements, in units of the last place of float32 and relative in float64; 0 unless
 * listed. We compute in doubles and round once, where Flower rounds each operation.
 */
const TOLERANCES: Readonly<Record<string, { float32?: number; float64?: number }>> = {
  FedAvgM: { float32: 2 },
  FedAdagrad: { float32: 4 },
  FedAdam: { float32: 8, float64: 1e-15 },
  FedYogi: { float32: 16 },
  FedTrimmedAvg: { float32: 2 },
  // Sums are taken in the order of node ids, in Flower in that of the scores.
  MultiKrum: { float32: 1, float64: 1e-15 },
  Bulyan: { float32: 8, float64: 1e-15 },
  QFedAvg: { float32: 8, float64: 2e-7 },
};

/** A case in which we mean something else than Flower. */
interface Deviation {
  readonly reason: string;
  /** The nodes whose replies are not used. */
  readonly failures?: readonly number[];
  /** The new model; null: none. Default: Flower's. */
  readonly arrays?: Readonly<Record<string, readonly number[]>> | null;
  /** The metrics (default: Flower's). */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Strategies whose outcome is float64 in Flower, because a numpy double takes part. */
const KEEP_TYPES: ReadonlySet<string> = new Set(["FedAdam", "QFedAvg"]);

const LEFT_OUT = "a bad reply is left out, where Flower ends the run or computes with it";
const NO_WEIGHT = "without any weight there is no outcome, where Flower ends the run";

const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  "fedavg: all weights 0": { reason: NO_WEIGHT, failures: [1, 2], arrays: null },
  "fedavg: negative weight is not refused": {
    reason: LEFT_OUT,
    failures: [1],
    arrays: { w: [3, 5] },
  },
  "fedavg: lists of unequal length": {
    reason: "such a metric is left out, where Flower ends the run",
    arrays: { w: [1.5] },
    metrics: {},
  },
  "fedavg: array names differ": { reason: LEFT_OUT, failures: [2], arrays: { w: [1] } },
  "fedavg: metric names differ": {
    reason: "a metric is averaged over the replies that have it; Flower ends the run",
    arrays: { w: [2.5] },
    metrics: { a: 1 },
  },
  "fedavg: weight missing": { reason: LEFT_OUT, failures: [1, 2], arrays: null },
  "fedavg: weight is a list": { reason: LEFT_OUT, failures: [1, 2], arrays: null },
  "fedavg: another shape broadcasts": {
    reason: LEFT_OUT,
    failures: [2],
    arrays: { w: [1, 2, 3] },
  },
  "fedavg: another shape that does not broadcast": {
    reason: LEFT_OUT,
    failures: [2],
    arrays: { w: [1] },
  },
  "fedavg: NaN and infinity pass": { reason: LEFT_OUT, failures: [1], arrays: { w: [1, 1, 1] } },
  ...Object.fromEntries(
    ["fedadam", "fedadagrad", "fedyogi"].flatMap((name) =>
      ["another shape", "unknown name"].map((problem) =>
        [`${name}: ${problem}`, { reason: LEFT_OUT, failures: [1, 2], arrays: null }] as const
      )
    ),
  ),
  "fedmedian: all weights 0": { reason: NO_WEIGHT, failures: [1, 2], arrays: null },
  "fedmedian: NaN": { reason: LEFT_OUT, failures: [1], arrays: { w: [8.5, 5] } },
  "krum: two nodes, a tie": {
    reason: "of equal scores the lower node id wins, in Flower the earlier reply",
    arrays: { w: [0, 1] },
  },
  "krum: weight 0 is chosen": {
    reason: "a reply of weight 0 is not chosen, where Flower ends the run",
    arrays: { w: [0, 1] },
  },
  "krum: cancellation in float32": {
    reason: "distances are sums of squares in double, where Flower's cancel in float32 to 0",
    // Squared distances to the closest two, from the second elements: 1.01e-4, 1.81e-4, 2.42e-3, 8.2e-5.
    arrays: { w: [3000, Math.fround(0.011)] },
  },
  "bulyan: 1 malicious, 6 clients are too few": {
    reason: "no outcome as in Flower, but the unused replies are named",
    failures: [101, 102, 103, 104, 105, 106],
  },
  "bulyan: no malicious, 2 clients are too few": {
    reason: "no outcome as in Flower, but the unused replies are named",
    failures: [101, 102],
  },
  "qfedavg: loss missing": { reason: LEFT_OUT, failures: [1, 2], arrays: null },
  "qfedavg: an integer array": {
    reason: "the outcome is float64, Flower ends the run",
    // With p = 0.5^0.1 and L = 10: Δ = −10p·(4, 3), h = p·(0.2·‖g‖² + 10), ‖g‖² = 500 and 1,000: Σh = 320p.
    arrays: { w: [0.125, 0.09375] },
    metrics: { train_loss: 0.5 },
  },
};

function tensorOf({ dtype, shape, data }: Recorded): Tensor {
  const numbers = data.map((value) => typeof value === "boolean" ? Number(value) : value);
  const big = dtype === "int64" || dtype === "uint64";
  const values = numbers.map((value) => big ? BigInt(value) : Number(value));
  const made = zeros(dtype as DType, [...shape]);
  values.forEach((value, i) => made.data[i] = value);
  return made;
}
const recordOf = (arrays: Arrays) =>
  ArrayRecord.fromTensors(
    Object.entries(arrays).map(([name, recorded]) => [name, tensorOf(recorded)] as const),
  );
const metricsOf = (metrics: Metrics) =>
  new MetricRecord(
    Object.entries(metrics).map(([name, { int, float: double, ints, floats }]) => {
      if (int !== undefined) return [name, int as number] as const;
      if (double !== undefined) return [name, float(double as number)] as const;
      return [name, ints as number[] ?? float(floats as number[])] as const;
    }),
  );
const camelCase = (options: Case["options"]) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) =>
      [name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()), value] as const
    ),
  );

/** The distance of two float32 in units of the last place. */
function ulps(a: number, b: number): number {
  const order = (value: number) => {
    const bits = new Int32Array(Float32Array.of(value).buffer)[0]!;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(order(a) - order(b));
}

function assertElement(
  actual: number,
  expected: number,
  dtype: DType,
  tolerance: { float32?: number; float64?: number },
) {
  if (Object.is(actual, expected) || actual === expected) return;
  const message = `${actual} is not ${expected}`;
  if (dtype === "float32") {
    const off = ulps(actual, Math.fround(expected));
    assert.ok(off <= (tolerance.float32 ?? 0), `${message}: ${off} ulp`);
  } else {
    const off = Math.abs(actual - expected) / Math.max(1e-300, Math.abs(expected));
    assert.ok(off <= (tolerance.float64 ?? 0), `${message}: ${off} relative`);
  }
}

/** The type of our outcome: as Flower's, except that scalars are float64 and a float32 model stays float32. */
function expectedType({ strategy, initial }: Case, { dtype, shape }: Recorded): string {
  if (shape.length === 0) return "float64";
  const [first] = Object.values(initial);
  return KEEP_TYPES.has(strategy) && first!.dtype === "float32" ? "float32" : dtype;
}

const plainMetrics = (metrics: Metrics) =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) =>
      [name, Object.values(value)[0] as number | number[]] as const
    ),
  );

/** Aggregates a case's rounds, each beginning with our own model of the round before. */
function outcomes({ initial, rounds }: Case, strategy: FedAvg, renumber = false) {
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock: new FakeClock() });
  let arrays = recordOf(initial);
  return rounds.map(({ server_round, replies }) => {
    const round = { number: server_round, arrays, config: new ConfigRecord(), grid };
    const outcome = strategy.aggregateTrain(
      round,
      replies.map(({ node_id, error, arrays, metrics }, i) => {
        const sent = instruction({ dstNodeId: BigInt(renumber ? i + 1 : node_id) });
        return error
          ? sent.replyError(2, "client failed")
          : sent.reply({ arrays: recordOf(arrays!), metrics: metricsOf(metrics!) });
      }),
    );
    arrays = outcome.arrays ?? arrays;
    return outcome;
  });
}

const cases = (golden.cases as unknown as readonly Case[])
  .filter(({ strategy }) => !strategy.startsWith("DifferentialPrivacy"));

Deno.test("each recorded case of Flower's strategies has Flower's result, or a listed one", async (t) => {
  for (const recorded of cases.filter(({ name }) => name !== "multikrum: 0 to select")) {
    await t.step(recorded.name, () => {
      const { name, strategy, rounds } = recorded;
      const options = camelCase(recorded.options);
      const made = new STRATEGIES[strategy]!(options);
      // Sums are taken in the order of node ids; this case has its replies in another.
      const renumber = name === "fedavg: rounding order, weights 1 1 1";
      const deviation = DEVIATIONS[name];
      const tolerance = TOLERANCES[strategy] ?? {};
      outcomes(recorded, made, renumber).forEach((outcome, i) => {
        const round = rounds[i]!;
        const errors = round.replies.filter(({ error }) => error).map(({ node_id }) => node_id);
        const failed = outcome.failures.map(({ nodeId }) => Number(nodeId));
        assert.deepEqual(failed, deviation?.failures ?? errors);
        const expected = deviation?.arrays === undefined ? round.arrays : deviation.arrays;
        if (expected === null || expected === undefined) {
          assert.equal(outcome.arrays, undefined);
          assert.equal(outcome.aggregated, false);
          return;
        }
        const model = outcome.arrays!.viewTensors();
        assert.deepEqual([...model.keys()].sort(), Object.keys(expected).sort());
        for (const [key, value] of Object.entries(expected)) {
          const { data, dtype } = model.get(key)!;
          const numbers: Recorded["data"] = "data" in value
            ? (value as Recorded).data
            : value as readonly number[];
          assert.equal(data.length, numbers.length);
          if ("dtype" in value) assert.equal(dtype, expectedType(recorded, value as Recorded));
          numbers.forEach((number, j) =>
            // A float32 scalar is rounded in Flower, and a double here.
            assertElement(
              Number(data[j]),
              Number(number),
              dtype,
              key === "s32" ? { float64: 1e-7 } : tolerance,
            )
          );
        }
        const metrics = deviation?.metrics ?? plainMetrics(round.metrics ?? {});
        assert.deepEqual([...outcome.metrics!.keys()].sort(), Object.keys(metrics).sort());
        for (const [key, value] of Object.entries(metrics)) {
          const actual = [outcome.metrics!.get(key)!].flat().map(Number);
          [value].flat().forEach((number, j) =>
            assertElement(actual[j]!, number, "float64", { float64: 1e-15 })
          );
        }
      });
    });
  }
});

Deno.test("QFedAvg gives Flower's float64 where it is asked to", () => {
  for (const name of ["qfedavg: defaults", "qfedavg: q 0 is the plain mean", "qfedavg: loss 0"]) {
    const recorded = cases.find((one) => one.name === name)!;
    const options = { ...camelCase(recorded.options), elementTypes: "float64" };
    outcomes(recorded, new QFedAvg(options as never)).forEach(({ arrays }, i) => {
      for (const [key, { dtype, data }] of Object.entries(recorded.rounds[i]!.arrays!)) {
        const own = arrays!.viewTensors().get(key)!;
        assert.equal(own.dtype, dtype);
        // Flower computes gradients in float32.
        data.forEach((value, j) =>
          assertElement(Number(own.data[j]), Number(value), "float64", { float64: 1e-6 })
        );
      }
    });
  }
});

Deno.test("options that Flower takes and that make no sense are refused by name", () => {
  const refused: Readonly<Record<string, RegExp>> = {
    FedTrimmedAvg: /beta/,
    FedAdam: /beta1|tau/,
    FedAvg: /fractionTrain|minTrainNodes/,
    Krum: /numMaliciousNodes/,
    FedProx: /proximalMu/,
    FedAvgM: /serverMomentum/,
    QFedAvg: /clientLearningRate/,
  };
  for (const { strategy, options } of golden.constructors) {
    const Made = STRATEGIES[strategy];
    if (Made === undefined) continue;
    assert.throws(() => new Made(camelCase(options as unknown as Case["options"])), {
      name: "FlwrError",
      message: refused[strategy],
    });
  }
  const zero = cases.find(({ name }) => name === "multikrum: 0 to select")!;
  assert.throws(() => new MultiKrum(camelCase(zero.options)), /numNodesToSelect/);
});
