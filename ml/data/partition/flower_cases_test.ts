/** The recorded cases of Flower Datasets 0.6.1, where chance has no part, and what must hold where it has. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import golden from "../../../tests/vectors/flwr-1.42/datasets.json" with { type: "json" };
import { partitionContinuous } from "./continuous.ts";
import { partitionDistribution } from "./distribution.ts";
import { partitionIdToSize, partitionSizes } from "./given_sizes.ts";
import { partitionInnerDirichlet } from "./inner_dirichlet.ts";
import { partitionGroupedNaturalId, partitionNaturalId } from "./natural_id.ts";
import type { Partitions } from "./partitions.ts";
import { partitionPathological } from "./pathological.ts";
import { partitionBySize, partitionIid, type SizeSkew } from "./size.ts";
import { partitionVerticalEven, partitionVerticalSize } from "./vertical.ts";

const { rows, label, user, x, columns } = golden.table;

/** Flower's option names in camelCase, those of `rename` by another name, without the ones that are arguments. */
// deno-lint-ignore no-explicit-any
function optionsOf(options: Record<string, unknown>, rename: Record<string, string> = {}): any {
  const arguments_ = ["num_partitions", "partition_by", "partition_sizes"];
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !arguments_.includes(name)).map((
      [name, value],
    ) => [
      rename[name] ?? name.replace(/_./g, (letter) => letter[1]!.toUpperCase()),
      value,
    ]),
  );
}

const still = { shuffle: false };
const skewed = (skew: SizeSkew) => (_: unknown, n: number) =>
  partitionBySize(rows, n, { skew, ...still });

// deno-lint-ignore no-explicit-any
type Make = (options: any, partitions: number) => Partitions | readonly (readonly string[])[];

const PARTITIONERS: Record<string, Make> = {
  IidPartitioner: (_, n) => partitionIid(rows, n, still),
  LinearPartitioner: skewed("linear"),
  SquarePartitioner: skewed("square"),
  ExponentialPartitioner: skewed("exponential"),
  SizePartitioner: ({ partition_sizes }) => partitionSizes(rows, partition_sizes, still),
  IdToSizeFncPartitioner: (_, n) =>
    partitionIdToSize(rows, n, { partitionIdToSizeFn: (id) => id + 2, ...still }),
  NaturalIdPartitioner: () => partitionNaturalId(user).partitions,
  GroupedNaturalIdPartitioner: (options) =>
    partitionGroupedNaturalId(user, optionsOf(options)).partitions,
  ContinuousPartitioner: (options, n) =>
    partitionContinuous(
      options.partition_by === "x" ? x : x.map(() => 0),
      n,
      optionsOf(options),
    ),
  PathologicalPartitioner: (options, n) =>
    partitionPathological(
      label,
      n,
      optionsOf(options, {
        num_classes_per_partition: "classesPerPartition",
        class_assignment_mode: "assignment",
      }),
    ),
  DistributionPartitioner: (options, n) => partitionDistribution(label, n, optionsOf(options)),
  VerticalEvenPartitioner: (options, n) => partitionVerticalEven(columns, n, optionsOf(options)),
  VerticalSizePartitioner: (options) =>
    partitionVerticalSize(columns, options.partition_sizes, optionsOf(options)),
};

for (const { name, partitioner, options, ...expected } of golden.cases) {
  Deno.test(`partition: ${name}: as Flower Datasets'`, () => {
    const partitions = "num_partitions" in options ? Number(options.num_partitions) : NaN;
    const make = () => PARTITIONERS[partitioner]!(options, partitions);
    if ("raises" in expected) {
      return void assert.throws(
        make,
        (error) => error instanceof FlwrError && error.code === "invalid-argument",
      );
    }
    const parts = make().map((part) => [...part]);
    if ("columns" in expected) return assert.deepEqual(parts, expected.columns);
    if (partitioner === "ContinuousPartitioner") {
      // numpy's sort does not keep the order of rows with equal numbers.
      const numbers = (rows: (string | number)[][]) =>
        rows.map((part) => part.map((row) => x[Number(row)]));
      return assert.deepEqual(numbers(parts), numbers(expected.rows));
    }
    assert.deepEqual(parts, expected.rows);
  });
}

/** Asserts that no position occurs twice, and that the partitions have the given sizes. */
function assertSizes(parts: Partitions, sizes: readonly number[]): void {
  assert.deepEqual(parts.map(({ length }) => length), sizes);
  const all = parts.flatMap((part) => [...part]);
  assert.equal(new Set(all).size, all.length);
}

Deno.test("partition: with any sizes and labels, the inner Dirichlet partitions have their sizes", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
    fc.nat(30),
    fc.constantFrom(1e-8, 0.1, 1, 100),
    fc.integer(),
    (sizes, further, alpha, seed) => {
      const examples = sizes.reduce((sum, size) => sum + size, further);
      const labels = Array.from({ length: examples }, (_, i) => (i * i) % 5);
      const make = () => partitionInnerDirichlet(labels, sizes, { alpha, seed });
      assertSizes(make(), sizes);
      assert.deepEqual(make(), make());
    },
  ));
});

Deno.test("partition: the inner Dirichlet's concentration decides how many classes a partition has", () => {
  const labels = Array.from({ length: 4000 }, (_, i) => i % 10);
  const mainShare = (alpha: number) => {
    const parts = partitionInnerDirichlet(labels, Array(20).fill(50), { alpha });
    const shares = parts.map((part) => {
      const counts = Array<number>(10).fill(0);
      for (const i of part) counts[labels[i]!]!++;
      return Math.max(...counts) / part.length;
    });
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  };
  assert(mainShare(0.01) > 0.9);
  assert(mainShare(1000) < 0.25);
});

Deno.test("partition: a rescaled distribution uses all examples, at least the preassigned ones", () => {
  const labels = Array.from({ length: 1000 }, (_, i) => i % 4);
  const distributionArray = [[1, 2, 3, 4], [1, 1, 1, 1], [0, 0, 0, 1], [9, 1, 1, 1]];
  const parts = partitionDistribution(labels, 8, {
    distributionArray,
    numUniqueLabelsPerPartition: 2,
    preassignedNumSamplesPerLabel: 5,
  });
  assert.equal(new Set(parts.flatMap((part) => [...part])).size, 1000);
  const countOf = (part: number, wanted: number) =>
    parts[part]!.filter((i) => labels[i] === wanted).length;
  // Label 2 is in partitions 1, 2, 5 and 6. 230 examples are left after 5 for each, all for its last partition.
  assert.deepEqual([1, 2, 5, 6].map((part) => countOf(part, 2)), [5, 5, 5, 235]);
  // Label 0, partitions 0, 3, 4, 7: 23, 46, 69 and 92 of the 230, and 5 each.
  assert.deepEqual([0, 3, 4, 7].map((part) => countOf(part, 0)), [28, 51, 74, 97]);
});

Deno.test("partition: strictness mixes the order of the numbers with chance", () => {
  const values = Array.from({ length: 1000 }, (_, i) => i);
  const spread = (strictness: number) => {
    const [first] = partitionContinuous(values, 2, { strictness });
    return first!.filter((i) => i < 500).length / 500;
  };
  assert.equal(spread(1), 1);
  assert(spread(0.5) > 0.6 && spread(0.5) < 0.95);
  assert(Math.abs(spread(0) - 0.5) < 0.1);
});

Deno.test("partition: ids tell which partition is whose", () => {
  const { partitions, ids } = partitionNaturalId([10n, 9n, 10n]);
  assert.deepEqual(ids, [[9n], [10n]]);
  assert.deepEqual(partitions.map((part) => [...part]), [[1], [0, 2]]);
  const grouped = partitionGroupedNaturalId(["c", "a", "b"], { groupSize: 2 });
  assert.deepEqual(grouped.ids, [["c", "a"], ["b"]]);
});

Deno.test("partition: bad options and data are refused with what was expected", () => {
  // deno-lint-ignore no-explicit-any
  const any = (value: unknown): any => value;
  const labels = [0, 0, 1, 1];
  const distribution = { distributionArray: [[1], [1]], numUniqueLabelsPerPartition: 1 };
  const attempts: readonly (() => unknown)[] = [
    () => partitionSizes(4, [1.5]),
    () => partitionSizes(4, any("12")),
    () => partitionSizes(4, []),
    () => partitionSizes(4, [2, 3]),
    () => partitionSizes(4, [2], any({ sed: 1 })),
    () => partitionSizes(4, [2], any({ seed: "1" })),
    () => partitionSizes(4, [2], any({ shuffle: "no" })),
    () => partitionIdToSize(4, 2, { partitionIdToSizeFn: () => NaN }),
    () => partitionIdToSize(4, 2, { partitionIdToSizeFn: () => 0 }),
    () => partitionIdToSize(4, 2, any({})),
    () => partitionIdToSize(4, 2, { partitionIdToSizeFn: (id) => 100 ** id }),
    () => partitionIdToSize(4, 3, { partitionIdToSizeFn: (id) => id === 3 ? 1e-300 : 1 }),
    () => partitionNaturalId([]),
    () => partitionNaturalId(any(["a", null])),
    () => partitionNaturalId(any(["a", 1])),
    () => partitionNaturalId([1, NaN]),
    () => partitionGroupedNaturalId(["a"], { groupSize: 0 }),
    () => partitionGroupedNaturalId(["a"], any({ groupSize: 1, mode: "allow" })),
    () => partitionGroupedNaturalId(["a"], any({ groupSize: 1, sortUniqueIds: 1 })),
    () => partitionInnerDirichlet(labels, [5], { alpha: 1 }),
    () => partitionInnerDirichlet(labels, [2], { alpha: 0 }),
    () => partitionInnerDirichlet(labels, [2], { alpha: [1, 1, 1] }),
    () => partitionInnerDirichlet(labels, [2], any({})),
    () => partitionDistribution(labels, 3, distribution),
    () => partitionDistribution(labels, 2, { ...distribution, numUniqueLabelsPerPartition: 3 }),
    () => partitionDistribution(labels, 2, { ...distribution, distributionArray: [[1]] }),
    () => partitionDistribution(labels, 2, { ...distribution, distributionArray: [[1], [-1]] }),
    () => partitionDistribution(labels, 2, { ...distribution, distributionArray: [[0], [1]] }),
    () =>
      partitionDistribution(labels, 2, {
        ...distribution,
        distributionArray: [[3], [1]],
        rescale: false,
      }),
    () => partitionDistribution(labels, 2, { ...distribution, preassignedNumSamplesPerLabel: 3 }),
    () => partitionContinuous([1, 2, NaN], 2, { strictness: 0 }),
    () => partitionContinuous([1, 2, 1e39], 2, { strictness: 0 }),
    () => partitionContinuous([1, 2], 2, { strictness: 1.1 }),
    () => partitionContinuous([1, 2], 2, any({})),
    () => partitionVerticalEven(["a", "b"], 3),
    () => partitionVerticalEven(["a", "a"], 1),
    () => partitionVerticalEven(["a", "b"], 1, { dropColumns: "c" }),
    () => partitionVerticalEven(["a", "b", "c"], 1, { dropColumns: "a", sharedColumns: ["a"] }),
    () => partitionVerticalEven(["a", "b"], 1, { activePartyColumnsMode: 1 }),
    () => partitionVerticalEven(["a", "b"], 1, any({ activePartyColumnsMode: "first" })),
    () => partitionVerticalSize(["a", "b"], [0.5, 0.6]),
    () => partitionVerticalSize(["a", "b"], [0.1, 0.9]),
    () => partitionVerticalSize(["a", "b"], [1.5, 0.5]),
    () => partitionVerticalSize(["a", "b"], [2, 0]),
  ];
  for (const attempt of attempts) {
    assert.throws(
      attempt,
      (error) => error instanceof FlwrError && error.code === "invalid-argument",
      String(attempt),
    );
  }
});
