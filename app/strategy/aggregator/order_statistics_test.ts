import assert from "node:assert/strict";
import { seededRandom, systemRandom } from "../../../base/random.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { type OrderStatistic, orderStatistics } from "./order_statistics.ts";

/** Sorts every column, as the definition says. */
function plainly(columns: readonly number[][], { from, to, divisor }: OrderStatistic): number[] {
  return columns.map((values) =>
    Float64Array.from(values).sort().subarray(from, to).reduce((sum, x) => sum + x, 0) / divisor
  );
}

Deno.test("order statistics are those of sorted columns, for any number of models, length and type", () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  const makes: Record<string, (values: number[]) => Tensor> = {
    float32: (values) => tensor("float32", [values.length], Float32Array.from(values)),
    float64: (values) => tensor("float64", [values.length], Float64Array.from(values)),
    int64: (values) => tensor("int64", [values.length], BigInt64Array.from(values, BigInt)),
    int32: (values) => tensor("int32", [values.length], Int32Array.from(values)),
  };
  for (const [count, length] of [[1, 5], [2, 1], [3, 1025], [20, 2050], [130, 7]] as const) {
    for (const [type, make] of Object.entries(makes)) {
      const rows = Array.from(
        { length: count },
        // small integers: with ties, and exact in every type
        () => Array.from({ length }, () => Math.floor(100 * random.uniform()) - 50),
      );
      const models = rows.map((values) => new Map([["w", make(values)]]));
      const columns = Array.from({ length }, (_, i) => rows.map((row) => row[i]!));
      const cut = Math.floor(0.2 * count);
      const statistics: OrderStatistic[] = [
        { from: cut, to: count - cut, divisor: count - 2 * cut },
        { from: count >> 1, to: (count >> 1) + 1, divisor: 1 },
      ];
      for (const statistic of statistics) {
        const { data } = orderStatistics(models, statistic).get("w")!;
        const expected = plainly(columns, statistic);
        const rounded = type === "float32" ? expected.map(Math.fround) : expected;
        assert.deepEqual([...data].map(Number), rounded.map((x) => x + 0), `seed ${seed}, ${type}`);
      }
    }
  }
});

Deno.test("order statistics: NaN among the values gives NaN", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const count of [3, 130]) {
      const models = Array.from({ length: count }, (_, i) => {
        const values = [i, i === 1 ? NaN : i];
        const data = dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
        return new Map([["w", tensor(dtype, [2], data as Float64Array) as Tensor]]);
      });
      const { data } = orderStatistics(models, { from: 0, to: 1, divisor: 1 }).get("w")!;
      assert.deepEqual([...data], [0, NaN]);
    }
  }
});
