import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { trainTestSplit } from "../split.ts";
import type { CsvInputsOptions } from "./options.ts";
import { parseCsv, readCsv, readCsvInputs } from "./read_csv.ts";

const SERIES = "day,load,wind,sky,price\n1,10,NA,clear,1\n2,,3,,2\n3,,,rain,3\n4,40,5,clear,4\n";
const OPTIONS = {
  target: "price",
  targetType: "numbers",
  inputs: ["load", "sky"],
  categories: { sky: "codes" },
} as const;

const refused = (sentence: RegExp) => (error: unknown) =>
  error instanceof FlwrError && error.code === "invalid-argument" && sentence.test(error.message);

Deno.test("csv: a missing cell is filled from the one above, for numbers and categories", async () => {
  const { x } = await parseCsv(SERIES, { ...OPTIONS, missing: "forward" });
  assert.deepEqual([...x.data], [10, 0, 10, 0, 10, 1, 40, 0]);
  // Dropped rows do not count.
  const some = "a,b,y\n1,1,1\n7,,1\n,2,1\n";
  const { x: kept } = await parseCsv(some, {
    target: "y",
    missing: { a: "forward", b: "drop" },
  });
  assert.deepEqual([...kept.data], [1, 1, 1, 2]);
});

Deno.test("csv: without a row above, a missing cell is refused with its line; so is a missing target", async () => {
  await assert.rejects(
    parseCsv(SERIES, { ...OPTIONS, inputs: ["wind"], categories: {}, missing: "forward" }),
    refused(/^Line 2, column "wind" is missing, and there is no row above it/),
  );
  await assert.rejects(
    parseCsv("a,y\n1,1\n2,\n", { target: "y", missing: "forward" }),
    refused(/^Line 3, column "y" is missing/),
  );
});

Deno.test("csv: forward works with a schema, and the text 'forward' can be filled in as a category", async () => {
  const first = await parseCsv(SERIES, { ...OPTIONS, missing: "forward" });
  const { inputs: _, categories: __, ...others } = OPTIONS;
  const later = await parseCsv("load,sky,price\n1,rain,1\n,,2\n", {
    ...others,
    missing: "forward",
    schema: first.schema,
  });
  assert.deepEqual([...later.x.data], [1, 1, 1, 1]);
});

Deno.test("split: a chronological split uses the last examples for test", async () => {
  const split = { testFraction: 0.3, chronological: true } as const;
  const { train, test } = await parseCsv(SERIES, {
    ...OPTIONS,
    missing: "forward",
    standardize: ["load"],
    split,
  });
  assert.deepEqual([[...train.y.data], [...test.y.data]], [[1, 2], [3, 4]]);
  // The scale is that of the training rows.
  assert.equal(train.schema.inputs[0]!.mean, 10);
  const dataset = {
    x: tensor("float32", [3, 1], Float32Array.of(1, 2, 3)),
    y: tensor("uint8", [3], Uint8Array.of(0, 1, 0)),
  };
  assert.deepEqual([...trainTestSplit(dataset, split).test.x.data], [3]);
  for (const other of [{ seed: 1 }, { stratify: true }]) {
    assert.throws(
      () => trainTestSplit(dataset, { ...split, ...other }),
      refused(/chronological .*(seed|stratify)$/),
    );
  }
});

Deno.test("csv: a table without targets gives inputs, in the encoding of another", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    const train = await parseCsv(SERIES, {
      ...OPTIONS,
      missing: "forward",
      standardize: ["load"],
    });
    await Deno.writeTextFile(path, "sky,load\nrain,10\n");
    const { x, columns, schema } = await readCsvInputs(path, { schema: train.schema });
    assert.deepEqual(columns, ["load", "sky"]);
    assert.deepEqual(schema, train.schema);
    assert.deepEqual(x.shape, [1, 2]);
    assert.equal(x.data[1], 1);
    // Columns that are not inputs are ignored; without a schema all columns are inputs.
    await Deno.writeTextFile(path, "sky,load,price\nrain,10,?\n");
    assert.deepEqual((await readCsvInputs(path, { schema: train.schema })).x, x);
    await assert.rejects(readCsvInputs(path), refused(/column "sky" is not a number/));
    await Deno.writeTextFile(path, "a,b\n1,2\n");
    assert.deepEqual([...(await readCsvInputs(path)).x.data], [1, 2]);
    await Deno.writeTextFile(path, "a,b\n");
    await assert.rejects(readCsvInputs(path), refused(/no rows below its header/));
    for (const options of [{ target: "a" }, { split: { testFraction: 0.5 } }]) {
      await assert.rejects(
        readCsvInputs(path, options as CsvInputsOptions),
        refused(/Option (target|split) is not supported without targets/),
      );
    }
    await assert.rejects(
      readCsv(path, {} as { target: string }),
      refused(/Option target is missing/),
    );
  } finally {
    await Deno.remove(path);
  }
});
