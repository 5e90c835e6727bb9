import assert from "node:assert/strict";
import { type Random, seededRandom, systemRandom } from "../../../base/random.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import { MetricRecord } from "../../metric_record.ts";
import { RecordDict } from "../../record_dict.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import { phaseOf } from "../round/round.ts";
import type { Aggregator } from "./aggregator.ts";
import { Mean, Sum, WeightedMean } from "./mean.ts";

const ROUND = phaseOf({
  number: 1,
  arrays: new ArrayRecord(),
  config: new ConfigRecord(),
  grid: new Grid(new FakeDriver([], () => undefined), 7n),
}, "train");

const reply = (nodeId: bigint, weight: number, tensors: { [name: string]: Tensor }) => ({
  nodeId,
  weight,
  tensors: new Map(Object.entries(tensors)),
  metrics: new MetricRecord(),
  content: new RecordDict(),
});

function aggregate(
  aggregator: Aggregator,
  replies: readonly CheckedReply[],
  known?: readonly CheckedReply[],
) {
  const aggregation = aggregator.begin(ROUND, known);
  for (const one of replies) aggregation.accumulate(one);
  return aggregation.finish().arrays;
}
const bits = (arrays: ReadonlyMap<string, Tensor>) =>
  [...arrays].map(([name, { dtype, data }]) => [
    name,
    dtype,
    new Uint8Array(data.buffer).toHex(),
  ]);

const LENGTH = 500;

/** Numbers of very different sizes, whose naive sums depend on their order. */
function wild(random: Random): number {
  return (random.uniform() - 0.5) * 2 ** Math.floor(40 * random.uniform() - 20);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items.map((item) => [random.uniform(), item] as const)
    .sort(([a], [b]) => a - b).map(([, item]) => item);
}

Deno.test("mean: random orders of arrival give equal bits, for each element type", async (t) => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  const makes: Record<string, () => Tensor> = {
    float16: () =>
      tensor("float16", [LENGTH], Float16Array.from({ length: LENGTH }, () => random.uniform())),
    float32: () =>
      tensor("float32", [LENGTH], Float32Array.from({ length: LENGTH }, () => wild(random))),
    float64: () =>
      tensor("float64", [LENGTH], Float64Array.from({ length: LENGTH }, () => wild(random))),
    int64: () =>
      tensor(
        "int64",
        [LENGTH],
        BigInt64Array.from({ length: LENGTH }, () => BigInt(Math.round(wild(random)))),
      ),
  };
  for (const [type, make] of Object.entries(makes)) {
    await t.step(`${type}, seed ${seed}`, () => {
      const replies = Array.from(
        { length: 20 },
        (_, node) =>
          reply(BigInt(node), Math.ceil(1e6 * random.uniform()) / (node % 3 + 1), { w: make() }),
      );
      for (const aggregator of [new WeightedMean(), new Mean(), new Sum()]) {
        const first = bits(aggregate(aggregator, replies));
        for (let order = 0; order < 10; order++) {
          assert.deepEqual(bits(aggregate(aggregator, shuffled(replies, random))), first);
        }
      }
    });
  }
});

Deno.test("mean: as they arrive, it is the exact mean, rounded once", () => {
  const float32 = (...values: number[]) =>
    tensor("float32", [values.length], Float32Array.from(values));
  // 2³⁰ and −2³⁰ cancel. The rest needs more bits than a double has next to them.
  const replies = [
    reply(1n, 1, { w: float32(2 ** 30, 0.1) }),
    reply(2n, 1, { w: float32(2 ** -40, 0.2) }),
    reply(3n, 1, { w: float32(-(2 ** 30), 0.3) }),
    reply(4n, 1, { w: float32(0, 0.4) }),
  ];
  const [exact, mean] = [...aggregate(new WeightedMean(), replies).get("w")!.data].map(Number);
  assert.equal(exact, 2 ** -42);
  const doubles = [0.1, 0.2, 0.3, 0.4].map(Math.fround);
  assert.equal(mean, Math.fround(doubles.reduce((a, b) => a + b) / 4));
});

Deno.test("mean: known replies are added in their order with Flower's bits", () => {
  const float32 = (value: number) => tensor("float32", [1], Float32Array.of(value));
  const replies = [0.1, 0.2, 0.7].map((value, node) =>
    reply(BigInt(node), node + 1, { w: float32(value) })
  );
  const round = Math.fround;
  const terms = [0.1, 0.2, 0.7].map((value, node) => round(round((node + 1) / 6) * round(value)));
  const expected = round(round(terms[0]! + terms[1]!) + terms[2]!);
  assert.equal(aggregate(new WeightedMean(), replies, replies).get("w")!.data[0], expected);
});

Deno.test("mean: an array that some nodes sent is averaged over these; weight 0 does not count", () => {
  const float64 = (value: number) => tensor("float64", [1], Float64Array.of(value));
  const replies = [
    reply(1n, 1, { a: float64(1) }),
    reply(2n, 3, { a: float64(5), b: float64(7) }),
    reply(3n, 0, { b: float64(100), c: float64(9) }),
  ];
  for (const known of [undefined, replies]) {
    const arrays = aggregate(new WeightedMean(), replies, known);
    assert.deepEqual([...arrays].map(([name, { data }]) => [name, Number(data[0])]), [
      ["a", 4],
      ["b", 7],
    ]);
  }
});

Deno.test("sum: without weights, integers as doubles", () => {
  const counts = (...values: number[]) =>
    tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
  const arrays = aggregate(new Sum(), [
    reply(1n, 5, { n: counts(1, 2) }),
    reply(2n, 0, { n: counts(3, 4) }),
  ]);
  assert.deepEqual(arrays.get("n"), tensor("float64", [2], Float64Array.of(4, 6)));
});
