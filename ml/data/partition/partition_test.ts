import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import flower from "../../../tests/vectors/partition/flwr_datasets.json" with { type: "json" };
import { partitionDirichlet } from "./dirichlet.ts";
import type { Partitions } from "./partitions.ts";
import { type ClassAssignment, partitionPathological } from "./pathological.ts";
import { partitionByShards } from "./shards.ts";
import { partitionBySize, partitionIid, type SizeSkew } from "./size.ts";

/** 2,000 labels: 0 to 9, repeated. The vectors were made with the same labels. */
const LABELS = Array.from({ length: 2000 }, (_, i) => i % 10);
const SKEWS: readonly SizeSkew[] = ["linear", "square", "exponential"];

const sizes = (parts: Partitions) => parts.map(({ length }) => length);
const classesOf = (part: Uint32Array) => [...new Set(Array.from(part, (i) => LABELS[i]!))].sort();
const sum = (values: Iterable<number>) => Array.from(values).reduce((all, value) => all + value, 0);

/** Asserts that each position occurs at most once, and that all `count` positions occur if `count` is given. */
function assertDisjoint(parts: Partitions, count?: number): void {
  const all = parts.flatMap((part) => [...part]);
  assert.equal(new Set(all).size, all.length, "no example twice");
  if (count !== undefined) {
    assert.equal(all.length, count);
    assert(all.every((position) => position >= 0 && position < count));
  }
}

function assertRefused(action: () => unknown, sentence: RegExp): void {
  assert.throws(action, (error) => error instanceof FlwrError && sentence.test(error.message));
}

for (const { kind, examples, partitions, sizes: expected } of flower.deterministic) {
  Deno.test(`partition: ${kind}, ${examples} over ${partitions}: sizes as Flower Datasets'`, () => {
    const make = () =>
      kind === "iid"
        ? partitionIid(examples, partitions)
        : partitionBySize(examples, partitions, { skew: kind as SizeSkew });
    if (expected === null) return assertRefused(make, /would be empty/);
    const parts = make();
    assert.deepEqual(sizes(parts), expected);
    assertDisjoint(parts, examples);
  });
}

for (const { partitions, classes, rows } of flower.pathological) {
  Deno.test(`partition: pathological, ${classes} classes for ${partitions}: rows as Flower Datasets'`, () => {
    const parts = partitionPathological(LABELS, partitions, {
      classesPerPartition: classes,
      assignment: "deterministic",
    });
    assert.deepEqual(parts.map((part) => [part.length, sum(part), ...classesOf(part)]), rows);
    assertDisjoint(parts);
  });
}

for (const vector of flower.shards) {
  const { partitions, sizes: expected } = vector;
  Deno.test(`partition: shards ${JSON.stringify({ ...vector, sizes: undefined })} as Flower Datasets'`, () => {
    const parts = partitionByShards(LABELS, partitions, {
      shardsPerPartition: vector.num_shards_per_partition,
      shardSize: vector.shard_size,
      keepIncompleteShard: vector.keep_incomplete_shard,
    });
    assertDisjoint(parts);
    assert.equal(sum(sizes(parts)), sum(expected));
    // The partition with the incomplete shard is random.
    if (!vector.keep_incomplete_shard) {
      assert.deepEqual(sizes(parts).toSorted((a, b) => a - b), expected);
    }
  });
}

for (const vector of flower.dirichlet) {
  const { alpha, selfBalancing, minPartitionSize } = vector;
  Deno.test(`partition: Dirichlet alpha ${alpha}${selfBalancing ? ", balancing" : ""}: distributed as Flower Datasets'`, () => {
    const runs = 200;
    const totals = [0, 0, 0];
    for (let seed = 0; seed < runs; seed++) {
      const parts = partitionDirichlet(LABELS, 8, { alpha, selfBalancing, minPartitionSize, seed });
      assertDisjoint(parts, LABELS.length);
      const mainShares = parts.map((part) => {
        const counts = Array<number>(10).fill(0);
        for (const i of part) counts[LABELS[i]!]!++;
        return Math.max(...counts) / part.length;
      });
      const all = sizes(parts);
      [Math.max(...all), Math.min(...all), sum(mainShares) / 8].forEach((value, i) =>
        totals[i]! += value
      );
    }
    for (const [i, total] of totals.entries()) {
      // Both means are estimates. The seeds are fixed, so the test does not fail by chance.
      const error = vector.deviation[i]! * Math.sqrt(1 / runs + 1 / flower.seeds);
      const off = Math.abs(total / runs - vector.mean[i]!) / error;
      assert(
        off < 4,
        `statistic ${i}: ${total / runs} is ${off} standard errors off ${vector.mean[i]}`,
      );
    }
  });
}

Deno.test("partition: Dirichlet keeps the smallest size or fails", () => {
  const parts = partitionDirichlet(LABELS, 8, { alpha: 0.5, minPartitionSize: 120 });
  assert(sizes(parts).every((size) => size >= 120));
  assertRefused(
    () => partitionDirichlet(LABELS, 8, { alpha: 0.01, minPartitionSize: 249 }),
    /^No partitions of at least 249 examples in 11 draws/,
  );
});

Deno.test("partition: Dirichlet with tiny concentrations gives each class to one partition", () => {
  const parts = partitionDirichlet(LABELS, 4, { alpha: 1e-6, minPartitionSize: 0 });
  assertDisjoint(parts, LABELS.length);
  const holders = LABELS.slice(0, 10).map((label) =>
    parts.filter((part) => classesOf(part).includes(label)).length
  );
  assert.deepEqual(holders, Array(10).fill(1));
});

Deno.test("partition: Dirichlet takes a concentration for each partition", () => {
  const [much, little] = partitionDirichlet(LABELS, 2, { alpha: [90, 10], minPartitionSize: 0 });
  assert(much!.length > 3 * little!.length);
  for (const alpha of [0, -1, NaN, Infinity, [1], [1, 0]]) {
    assertRefused(() => partitionDirichlet(LABELS, 2, { alpha }), /^Option alpha must be/);
  }
});

Deno.test("partition: with two shards, a partition has few classes", () => {
  for (const part of partitionByShards(LABELS, 10, { shardsPerPartition: 2 })) {
    assert(classesOf(part).length <= 2);
  }
});

Deno.test("partition: too few shards, and invalid options, are refused", () => {
  const refused = (options: Parameters<typeof partitionByShards>[2], sentence: RegExp) =>
    assertRefused(() => partitionByShards(LABELS, 10, options), sentence);
  refused({}, /^Set shardsPerPartition or shardSize/);
  refused({ shardsPerPartition: 2, shardSize: 101 }, /^Too few shards/);
  refused({ shardSize: 500 }, /^Too few shards/);
  refused({ shardsPerPartition: 1000 }, /^Too few shards/);
  refused(
    { shardsPerPartition: 0 },
    /^Option shardsPerPartition must be an integer of at least 1: got 0/,
  );
  refused({ shardSize: 1.5 }, /^Option shardSize must be an integer of at least 1: got 1\.5/);
});

for (const assignment of ["random", "first-deterministic"] satisfies ClassAssignment[]) {
  Deno.test(`partition: pathological, ${assignment}: exactly the number of classes`, () => {
    const parts = partitionPathological(LABELS, 20, { classesPerPartition: 3, assignment });
    assertDisjoint(parts);
    for (const [i, part] of parts.entries()) {
      assert.equal(classesOf(part).length, 3);
      if (assignment !== "random") assert(classesOf(part).includes(i % 10));
    }
  });
}

Deno.test("partition: pathological, more classes or partitions than possible are refused", () => {
  assertRefused(
    () => partitionPathological(LABELS, 2, { classesPerPartition: 11 }),
    /from 1 to the number of classes 10: got 11$/,
  );
  assertRefused(
    () => partitionPathological([0, 0, 1, 1], 3, { classesPerPartition: 2 }),
    /Class number 0 has 2 examples: too few for 3 partitions/,
  );
});

Deno.test("partition: 64-bit labels of a data set are accepted", () => {
  const wide = BigInt64Array.from(LABELS, BigInt);
  assert.deepEqual(
    partitionDirichlet(wide, 5, { alpha: 1 }),
    partitionDirichlet(LABELS, 5, { alpha: 1 }),
  );
});

Deno.test("partition: without shuffling, equal parts are in order", () => {
  const parts = partitionIid(7, 3, { shuffle: false });
  assert.deepEqual(parts.map((part) => [...part]), [[0, 1, 2], [3, 4], [5, 6]]);
});

Deno.test("partition: with any options, no example is lost or repeated, and the same seed gives the same result", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(4), { minLength: 8, maxLength: 200 }),
      fc.integer(),
      (partitions, labels, seed) => {
        const makers: (() => Partitions)[] = [
          () => partitionIid(labels.length, partitions, { seed }),
          () => partitionDirichlet(labels, partitions, { alpha: 0.3, seed, minPartitionSize: 0 }),
          () =>
            partitionDirichlet(labels, partitions, {
              alpha: 0.3,
              seed,
              minPartitionSize: 0,
              selfBalancing: true,
            }),
          () => partitionByShards(labels, partitions, { shardSize: 1, seed }),
        ];
        for (const make of makers) {
          const parts = make();
          assert.equal(parts.length, partitions);
          assertDisjoint(parts, labels.length);
          assert.deepEqual(make(), parts);
        }
      },
    ),
  );
  assert.notDeepEqual(partitionIid(100, 2, { seed: 1 }), partitionIid(100, 2, { seed: 2 }));
});

Deno.test("partition: all partitioners refuse an invalid number of partitions", () => {
  for (const partitions of [0, -1, 1.5, NaN, 2001]) {
    const sentence = /^Number of partitions must be from 1 to the number of examples 2000/;
    assertRefused(() => partitionIid(2000, partitions), sentence);
    for (const skew of SKEWS) {
      assertRefused(() => partitionBySize(2000, partitions, { skew }), sentence);
    }
    assertRefused(() => partitionDirichlet(LABELS, partitions, { alpha: 1 }), sentence);
    assertRefused(() => partitionByShards(LABELS, partitions, { shardSize: 1 }), sentence);
    assertRefused(
      () => partitionPathological(LABELS, partitions, { classesPerPartition: 1 }),
      sentence,
    );
  }
});
