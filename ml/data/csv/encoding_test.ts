import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { CsvOptions, TableDataset } from "./options.ts";
import { parseCsv } from "./read_csv.ts";

const WARDS = `age,ward,score,outcome
10,red,1,yes
NA,blue,2,no
30,red,3,
40,,6,no
`;

const read = (options: Partial<CsvOptions> = {}, text = WARDS): Promise<TableDataset> =>
  parseCsv(text, {
    target: "outcome",
    categories: { ward: "one-hot" },
    ...options,
    split: undefined,
  });
const rowsOf = ({ x }: { x: Tensor }) =>
  Array.from(
    { length: x.shape[0]! },
    (_, i) =>
      [...x.data].slice(i * x.shape[1]!, (i + 1) * x.shape[1]!).map((value) => Number(value)),
  );

async function assertRefused(action: Promise<unknown>, sentence: RegExp): Promise<void> {
  await assert.rejects(
    action,
    (error) =>
      error instanceof FlwrError && error.code === "invalid-argument" &&
      sentence.test(error.message),
  );
}

Deno.test("csv: missing cells are refused, or their rows dropped with the categories that only they have", async () => {
  await assertRefused(read(), /^Line 3, column "age" is missing: "NA"$/);
  const { x, columns, classes } = await read({ missing: "drop" });
  assert.deepEqual([columns, classes], [["age", "ward=red", "score"], ["yes"]]);
  assert.deepEqual([...x.data], [10, 1, 1]);
  await assertRefused(
    read({ missing: "drop" }, "age,ward,score,outcome\n,red,1,a\n"),
    /all 1 were dropped/,
  );
});

Deno.test("csv: missing cells are filled in by column", async () => {
  const missing = { age: "mean", ward: { value: "none" }, outcome: "drop" } as const;
  const { x, columns, schema } = await read({ missing });
  assert.deepEqual(columns, ["age", "ward=blue", "ward=none", "ward=red", "score"]);
  // The mean of 10 and 40: the row with 30 has no outcome.
  assert.deepEqual(rowsOf({ x }), [[10, 0, 0, 1, 1], [25, 1, 0, 0, 2], [40, 0, 1, 0, 6]]);
  assert.deepEqual(schema.inputs[0], { name: "age", fill: 25 });
  const median = await read({ missing: { ...missing, age: "median" } });
  assert.equal(median.x.data[5], 25);
  const value = await read({ missing: { ...missing, age: { value: -1 } } });
  assert.equal(value.x.data[5], -1);
});

Deno.test("csv: an action for all columns does not fill in a target or a category", async () => {
  await assertRefused(read({ missing: "mean" }), /Line 4, column "outcome" is missing/);
  const complete = WARDS.replace("30,red,3,\n", "");
  await assertRefused(read({ missing: "mean" }, complete), /Line 4, column "ward" is missing/);
  await assertRefused(
    read({ missing: { ward: "mean" } }),
    /"ward" has categories, which have no mean/,
  );
  await assertRefused(
    read({ missing: { age: { value: "old" } } }),
    /"age" cannot become "old": it has numbers/,
  );
  await assertRefused(
    read({ missing: { age: "mean" }, categories: { ward: "codes" } }, "age,ward,outcome\n,a,b\n"),
    /no numbers for a mean/,
  );
});

Deno.test("csv: the cells that count as missing can be chosen", async () => {
  const text = "age,ward,outcome\n-999,?,a\n3,NA,b\n";
  const options = {
    missing: { age: { value: 7 }, ward: { value: "unknown" } },
    missingCells: ["-999", "?"],
  };
  const { x, columns } = await read({ ...options, categories: { ward: "one-hot" } }, text);
  assert.deepEqual(columns, ["age", "ward=NA", "ward=unknown"]);
  assert.deepEqual(rowsOf({ x }), [[7, 0, 1], [3, 1, 0]]);
});

Deno.test("csv: categories become codes or columns, in a given order", async () => {
  const text = "ward,outcome\nred,a\nblue,b\nred,a\n";
  const codes = await read({ categories: { ward: "codes" } }, text);
  assert.deepEqual([[...codes.x.data], codes.columns], [[1, 0, 1], ["ward"]]);
  const values = ["red", "green", "blue"];
  const given = await read({ categories: { ward: { encoding: "one-hot", values } } }, text);
  assert.deepEqual(rowsOf(given), [[1, 0, 0], [0, 0, 1], [1, 0, 0]]);
  await assertRefused(
    read({ categories: { ward: { encoding: "codes", values: ["red"] } } }, text),
    /^Line 3, column "ward" is not one of the categories: "blue"$/,
  );
});

Deno.test("csv: inputs are standardised as scikit-learn's StandardScaler does", async () => {
  const text = "p,q,r,outcome\n1,5,10,a\n2,5,20,b\n3,5,60,a\n";
  const { x, schema } = await read({ categories: {}, standardize: ["p", "q"] }, text);
  // StandardScaler().fit_transform of [1, 2, 3] is ±1.22474487; of equal numbers 0.
  const expected = [[-1.22474487, 0, 10], [0, 0, 20], [1.22474487, 0, 60]];
  rowsOf({ x }).flat().forEach((value, i) => {
    assert.ok(Math.abs(value - expected.flat()[i]!) < 1e-6);
  });
  assert.deepEqual(schema.inputs.map(({ mean, deviation }) => [mean, deviation]), [
    [2, Math.sqrt(2 / 3)],
    [5, 1],
    [undefined, undefined],
  ]);
});

Deno.test("csv: a schema, also after JSON, encodes another table in the same way", async () => {
  const missing = { age: "mean", ward: { value: "none" }, outcome: "drop" } as const;
  const { schema, columns } = await read({ missing, standardize: true });
  const other = "score,outcome,ward,age\n2,yes,,\n";
  const applied = await parseCsv(other, {
    target: "outcome",
    schema: JSON.parse(JSON.stringify(schema)),
  });
  assert.deepEqual([applied.columns, applied.classes], [columns, ["no", "yes"]]);
  assert.deepEqual(applied.schema, schema);
  const score = schema.inputs[2]!;
  // The missing age becomes the mean, which is 0 after standardisation.
  const row = [0, 0, 1, 0, (2 - score.mean!) / score.deviation!].map(Math.fround);
  assert.deepEqual(rowsOf(applied), [row]);
  assert.deepEqual([...applied.y.data], [1n]);
  await assertRefused(
    parseCsv("score,outcome,ward,age\n2,yes,green,1\n", { target: "outcome", schema }),
    /column "ward" is not one of the categories: "green"/,
  );
  await assertRefused(
    parseCsv("score,outcome,ward,age\n2,maybe,red,1\n", { target: "outcome", schema }),
    /not one of the classes: "maybe"/,
  );
  await assertRefused(
    parseCsv("score,outcome,ward,age\n,yes,red,1\n", { target: "outcome", schema }),
    /Line 2, column "score" is missing/,
  );
});

Deno.test("csv: options that exclude each other, or name an unknown column, are refused", async () => {
  const { schema } = await read({ missing: "drop" });
  const refused: [Partial<CsvOptions>, RegExp][] = [
    [{ schema, categories: {} }, /Options schema and categories exclude each other/],
    [{ categories: { war: "codes" } }, /categories names a column that is not read: "war"/],
    [{ standardize: ["ward"] }, /"ward" of categories cannot be standardised/],
    [{ standardize: ["x"] }, /standardize names a column/],
    [{ missing: { x: "drop" } }, /missing names a column/],
    [{ inputs: ["age", "age"], categories: undefined }, /twice in inputs/],
    [{ inputs: ["outcome"], categories: undefined }, /target and one of the inputs/],
    [{ delimiter: "\n" }, /delimiter must be a text/],
  ];
  for (const [options, sentence] of refused) {
    await assertRefused(read({ missing: "drop", ...options }), sentence);
  }
  const spoilt = [
    { inputs: [], classes: [1] },
    { inputs: [{ name: "age", mean: 1, deviation: 0 }], classes: [] },
    { inputs: [{ name: "age", mean: NaN, deviation: 1 }], classes: [] },
    { inputs: [{ name: "age", categories: ["a", "a"], encoding: "codes" }], classes: [] },
    { inputs: [{ name: "age", categories: ["a"], encoding: "hot" }], classes: [] },
    { inputs: [{ name: "age", fill: "x" }], classes: [] },
  ];
  for (const schema of spoilt) {
    await assertRefused(
      read({ categories: undefined, schema: schema as unknown as CsvOptions["schema"] }),
      /schema/,
    );
  }
});

Deno.test("csv: a column can have the name of an option", async () => {
  const text = "value,outcome\n,a\n3,b\n";
  const { x } = await read({ categories: {}, missing: { value: "mean" } }, text);
  assert.deepEqual([...x.data], [3, 3]);
  const filled = await read({ categories: {}, missing: { value: 9 } }, text);
  assert.deepEqual([...filled.x.data], [9, 3]);
});

Deno.test("csv: rows are split for training and test, and statistics are those of training rows", async () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 4 === 0 ? "rare" : "often"}`);
  const text = ["p,outcome", ...rows].join("\n");
  const options = {
    target: "outcome",
    standardize: true,
    split: { testFraction: 0.2, stratify: true, seed: 7 },
  } as const;
  const { train, test } = await parseCsv(text, options);
  assert.deepEqual([train.x.shape, test.x.shape], [[80, 1], [20, 1]]);
  const count = (labels: BigInt64Array) => labels.filter((label) => label === 1n).length;
  assert.deepEqual([count(train.y.data), count(test.y.data)], [20, 5]);
  const mean = [...train.x.data].reduce((sum, value) => sum + value, 0) / 80;
  assert.ok(Math.abs(mean) < 1e-6);
  assert.deepEqual(test.schema, train.schema);
  const again = await parseCsv(text, options);
  assert.deepEqual(again, { train, test });
  const other = await parseCsv(text, { ...options, split: { ...options.split, seed: 8 } });
  assert.notDeepEqual(other.test.x.data, test.x.data);
});

Deno.test("csv: the target's type is known to the compiler", async () => {
  const numbers = await parseCsv("p,q\n1,2\n", { target: "q", targetType: "numbers" });
  const y: Tensor<"float32"> = numbers.y;
  const classes = await parseCsv("p,q\n1,2\n", { target: "q" });
  const labels: Tensor<"int64"> = classes.y;
  assert.deepEqual([y.dtype, labels.dtype], ["float32", "int64"]);
});

Deno.test("csv: numbers that a schema has scaled must fit float32 too", async () => {
  const classes = ["a"];
  const column = (more: object) => ({ inputs: [{ name: "p", ...more }], classes });
  const parse = (text: string, more: object) =>
    parseCsv(text, { target: "outcome", schema: column(more) });
  const table = "p,outcome\n1e30,a\n";
  await assertRefused(parse(table, { mean: 0, deviation: 1e-30 }), /Column "p".*data row 1/);
  await assertRefused(parse("p,outcome\n,a\n", { fill: 1e300 }), /Input 1 of the table's schema/);
  const { x } = await parse(table, { mean: 0, deviation: 1e30 });
  assert.deepEqual([...x.data], [1]);
});
