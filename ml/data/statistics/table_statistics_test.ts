import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { mergeTableStatistics } from "./merge.ts";
import { readCsv } from "../csv/read_csv.ts";
import type { TableSchema } from "../csv/schema.ts";
import { tableStatistics, type TableStatisticsOptions } from "./table_statistics.ts";

const HEADER = "age,weight,ward,code,outcome\n";
const NODES = [
  "61.5,80,A,01,yes\n44,NA,B,1,no\n70,91.25,A,2,yes\n",
  "18,55,C,1.0,no\n",
  "33,60.5,B,3,maybe\n90,,A,2,no\n",
];
const OPTIONS = {
  target: "outcome",
  missing: { weight: "mean", ward: { value: "unknown" } },
  categories: { ward: "one-hot", code: "codes" },
  standardize: true,
} as const;

async function withTables<T>(
  tables: readonly string[],
  use: (paths: string[], pooled: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = tables.map((_, i) => join(folder, `${i}.csv`));
    for (const [i, path] of paths.entries()) await Deno.writeTextFile(path, HEADER + tables[i]);
    const pooled = join(folder, "all.csv");
    await Deno.writeTextFile(pooled, HEADER + tables.join(""));
    return await use(paths, pooled);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asserts equality, of numbers up to rounding. */
function assertClose(actual: unknown, expected: unknown, path = "schema"): void {
  if (typeof actual === "number" && typeof expected === "number") {
    const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
    return assert(error < 1e-12, `${path}: ${actual} is not ${expected}`);
  }
  if (typeof actual !== "object" || actual === null) return assert.equal(actual, expected, path);
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(Object(expected)).sort(), path);
  for (const [key, value] of Object.entries(actual)) {
    assertClose(value, (expected as Record<string, unknown>)[key], `${path}.${key}`);
  }
}

Deno.test("table statistics: three nodes agree on the schema of the pooled table", () =>
  withTables(NODES, async (paths, pooled) => {
    const statistics = await Promise.all(paths.map((path) => tableStatistics(path, OPTIONS)));
    const merged = mergeTableStatistics(statistics);
    const whole = await readCsv(pooled, OPTIONS);
    assertClose(merged, whole.schema);
    // "01", "1" and "1.0" on different nodes are one category.
    assert.deepEqual(merged.inputs[3]!.categories, ["1", "2", "3"]);
    const { target } = OPTIONS;
    const tables = await Promise.all(
      paths.map((path) => readCsv(path, { target, schema: merged })),
    );
    const rows = tables.flatMap(({ x }) => [...x.data]);
    rows.forEach((value, i) => assert(Math.abs(value - whole.x.data[i]!) < 1e-6));
    assert.deepEqual(tables.flatMap(({ y }) => [...y.data]), [...whole.y.data]);
    // The order and the way of the statistics do not matter.
    const sent = statistics.map((one) => JSON.stringify(one));
    assert.deepEqual(mergeTableStatistics(sent.toReversed()), merged);
  }));

Deno.test("table statistics: with any tables, merged means and deviations are those of all rows", async () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const table = fc.array(number, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 4 }), async (tables) => {
      const texts = tables.map((ages) => ages.map((age) => `${age},0,A,1,yes\n`).join(""));
      await withTables(texts, async (paths, pooled) => {
        const options = { target: "outcome", inputs: ["age"], standardize: ["age"] };
        const merged = mergeTableStatistics(
          await Promise.all(paths.map((path) => tableStatistics(path, options))),
        );
        const [own] = merged.inputs;
        const [all] = (await readCsv(pooled, options)).schema.inputs;
        const scale = Math.max(1e-6, ...tables.flat().map(Math.abs));
        assert(Math.abs(own!.mean! - all!.mean!) <= 1e-12 * scale);
        // Both are 1 if all cells are equal but for rounding.
        const near = Math.abs(own!.deviation! - all!.deviation!) <= 1e-7 * scale;
        assert(near || [own, all].some((one) => one!.deviation === 1));
      });
    }),
    { numRuns: 30 },
  );
});

Deno.test("table statistics: only what the options need is sent", () =>
  withTables(NODES, async ([path]) => {
    const statistics = await tableStatistics(path!, {
      target: "outcome",
      inputs: ["age", "ward"],
      categories: { ward: { encoding: "codes", values: ["A", "B", "C"] } },
      classes: ["no", "yes"],
    });
    assert.deepEqual(statistics, {
      rows: 3,
      columns: [
        { name: "age", standardize: false },
        { name: "ward", encoding: "codes", texts: { texts: ["A", "B", "C"], listed: true } },
      ],
      classes: { texts: ["no", "yes"], listed: true },
    });
    assert.deepEqual(mergeTableStatistics([statistics, statistics]), {
      inputs: [{ name: "age" }, { name: "ward", encoding: "codes", categories: ["A", "B", "C"] }],
      classes: ["no", "yes"],
    });
    const inputsOnly = await tableStatistics(path!, { inputs: ["age"], standardize: true });
    assert.deepEqual(inputsOnly.classes, undefined);
    assertClose(mergeTableStatistics([inputsOnly]).inputs[0]!.mean, (61.5 + 44 + 70) / 3);
  }));

Deno.test("table statistics: those of a Parquet file are those of its CSV file", async () => {
  const folder = "tests/vectors/parquet";
  const options = {
    ...OPTIONS,
    categories: { ward: "one-hot" },
    missing: { age: "mean", weight: "mean" },
  } as const;
  const csv = await tableStatistics(`${folder}/table.csv`, { ...options, missingCells: [""] });
  assert.deepEqual(await tableStatistics(`${folder}/groups.parquet`, options), csv);
  await assert.rejects(
    tableStatistics(`${folder}/groups.parquet`, { ...options, delimiter: ";" }),
    (error) => error instanceof FlwrError && error.code === "invalid-argument",
  );
});

Deno.test("table statistics: with a split, test rows have no part in them", () =>
  withTables(NODES, async ([path]) => {
    const options = { ...OPTIONS, split: { testFraction: 0.3, chronological: true } } as const;
    const statistics = await tableStatistics(path!, options);
    assert.equal(statistics.rows, 2);
    const { train } = await readCsv(path!, options);
    assertClose(mergeTableStatistics([statistics]), train.schema);
  }));

Deno.test("table statistics: options that nodes cannot agree on are refused", () =>
  withTables(NODES, async ([path]) => {
    const median: TableStatisticsOptions = {
      target: "outcome",
      inputs: ["weight"],
      missing: "median",
    };
    const schema: TableSchema = { inputs: [], classes: [] };
    for (const options of [median, { schema }, { target: "outcome", sep: ";" }, { target: "x" }]) {
      await assert.rejects(
        tableStatistics(path!, options as TableStatisticsOptions),
        (error) => error instanceof FlwrError && error.code === "invalid-argument",
      );
    }
  }));

Deno.test("table statistics: malformed statistics and those of other tables are refused", () =>
  withTables(NODES, async ([path, other]) => {
    const sound = await tableStatistics(path!, OPTIONS);
    const refused = (...statistics: unknown[]) =>
      assert.throws(
        () => mergeTableStatistics(statistics as string[]),
        (error) => error instanceof FlwrError && error.code === "invalid-argument",
        JSON.stringify(statistics).slice(0, 300),
      );
    refused();
    refused("{");
    refused(null);
    refused(sound, await tableStatistics(other!, { ...OPTIONS, standardize: false }));
    refused(
      sound,
      await tableStatistics(other!, {
        ...OPTIONS,
        target: "code",
        categories: { ward: "one-hot", outcome: "codes" },
      }),
    );
    const changes: readonly ((copy: Record<string, unknown>) => void)[] = [
      (copy) => copy.rows = 0,
      (copy) => copy.rows = -3,
      (copy) => copy.columns = [],
      (copy) => copy.medians = [],
      (copy) => Object.assign((copy.columns as object[])[0]!, { median: 3 }),
      (copy) => Object.assign((copy.columns as object[])[2]!, { cells: {} }),
      (copy) => delete copy.classes,
      (copy) => copy.classes = { texts: ["a", "a"], listed: false },
      (copy) => copy.classes = { texts: ["a".repeat(5000)], listed: false },
    ];
    const cellChanges: readonly Record<string, unknown>[] = [
      { count: 99 },
      { count: 1.5 },
      { mean: 1e300 },
      { mean: null },
      { squares: -1 },
      { squares: 1e300 },
      { squares: "1" },
    ];
    for (const change of changes) {
      const copy = structuredClone(sound) as unknown as Record<string, unknown>;
      change(copy);
      refused(sound, copy);
      refused(copy, sound);
    }
    for (const cells of cellChanges) {
      const copy = structuredClone(sound) as unknown as { columns: { cells: object }[] };
      Object.assign(copy.columns[0]!.cells, cells);
      refused(sound, copy);
    }
  }));
