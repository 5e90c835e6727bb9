import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { trainTestSplit } from "../split.ts";
import { tensor } from "../../../tensor/tensor.ts";
import type { CsvInputsOptions, CsvOptions, MissingAction } from "./options.ts";
import { parseCsv, readCsvInputs } from "./read_csv.ts";

const TABLE = "a,sky,y\n1,clear,1\n,rain,2\n3,,3\n5,rain,4\n";
const OPTIONS: CsvOptions = {
  target: "y",
  targetType: "numbers",
  categories: { sky: "codes" },
  missing: { a: { value: 7 }, sky: { value: "none" } },
};

async function refusal(promise: Promise<unknown>): Promise<FlwrError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof FlwrError && error.code === "invalid-argument", String(error));
    return error;
  }
  assert.fail("not refused");
}

/** Reads TABLE with options as plain JavaScript may pass them. */
const read = (options: Record<string, unknown>) =>
  parseCsv(
    TABLE,
    { ...OPTIONS, ...options, split: undefined } as CsvOptions & { split: undefined },
  );

Deno.test("csv: an option that contradicts a value of the schema is refused", async () => {
  const { schema, x } = await read({});
  assert.deepEqual(schema.inputs.map(({ fill }) => fill), [7, "none"]);
  const again = (missing?: unknown) => read({ categories: undefined, schema, missing });
  const agreeing: unknown[] = [
    undefined,
    "mean",
    "median",
    { a: "median" },
    { a: { value: 7 } },
    { a: { value: "7" }, sky: { value: "none" } },
    { y: "drop" },
  ];
  for (const missing of agreeing) assert.deepEqual((await again(missing)).x, x);
  const actions = ["forward", "drop", "refuse", { value: 8 }];
  for (const action of [...actions, ...actions.map((one) => ({ a: one })), { sky: "mean" }]) {
    const { message, hints } = await refusal(again(action));
    assert.match(message, /missing.*column "(a|sky)".*fills in (7|"none")/);
    assert.ok(hints.length > 0);
  }
  // Columns that the schema does not fill in keep their action.
  const plain = await read({ missing: { a: "forward", sky: "forward" } });
  const forward = await read({
    categories: undefined,
    schema: plain.schema,
    missing: { a: "forward", sky: "forward" },
  });
  assert.deepEqual(forward.x, plain.x);
});

Deno.test("csv: a mean for all columns works with a schema with categories, as without one", async () => {
  const text = "a,sky,y\n1,clear,1\n,rain,2\n";
  const options = { ...OPTIONS, missing: "mean", split: undefined } as const;
  const first = await parseCsv(text, options);
  const { schema } = first;
  const second = await parseCsv(text, { ...options, categories: undefined, schema });
  assert.deepEqual(second.x, first.x);
});

Deno.test("csv: unknown actions, and actions that are not possible for a target, are refused", async () => {
  const unknown = ["ffill", "zero", "", 0, null, { fill: 1 }, { value: null }, { value: 1, of: 2 }];
  for (const action of unknown) {
    await refusal(read({ missing: { a: action as MissingAction } }));
  }
  await refusal(read({ missing: "ffill" }));
  for (const action of ["mean", "forward", { value: 1 }]) {
    assert.match((await refusal(read({ missing: { y: action } }))).message, /target "y"/);
  }
});

Deno.test("csv: options with an unknown name or wrong type are refused", async () => {
  const options: [Record<string, unknown>, RegExp][] = [
    [{ standardise: true }, /"standardise"/],
    [{ sep: ";" }, /"sep"/],
    [{ testFraction: 0.2 }, /"testFraction"/],
    [{ anything: 1 }, /"anything"/],
    [{ targetType: "number" }, /targetType/],
    [{ classes: ["1"] }, /classes/],
    [{ inputs: "a" }, /inputs/],
    [{ missingCells: "NA" }, /missingCells/],
    [{ standardize: "a" }, /standardize/],
    [{ delimiter: 9 }, /delimiter/],
    [{ categories: ["sky"] }, /categories/],
    [{ categories: { sky: "onehot" } }, /"onehot" for column "sky"/],
    [{ categories: { sky: { encoding: "codes", value: ["a"] } } }, /column "sky"/],
    [{ categories: { sky: null } }, /column "sky"/],
  ];
  for (const [given, sentence] of options) {
    assert.match((await refusal(read(given))).message, sentence);
  }
  // Refused before the file is opened.
  await refusal(readCsvInputs("none.csv", { sep: ";" } as CsvInputsOptions));
});

Deno.test("split: options with an unknown name, wrong type or range are refused by name", () => {
  const dataset = {
    x: tensor("float32", [4, 1], Float32Array.of(1, 2, 3, 4)),
    y: tensor("uint8", [4], Uint8Array.of(0, 0, 0, 3)),
  };
  const split = { testFraction: 0.5 };
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ ...split, shuffle: false }, /"shuffle"/],
    [{ test_size: 0.2 }, /"test_size"/],
    [{}, /testFraction is missing/],
    [{ testFraction: "0.5" }, /testFraction .*"0\.5"/],
    [{ testFraction: 2 }, /testFraction .*2/],
    [{ testFraction: 0.9 }, /testFraction of 0\.9 .*training.* 4/],
    [{ ...split, seed: 1.5 }, /seed .*1\.5/],
    [{ ...split, chronological: "yes" }, /chronological .*"yes"/],
    [{ ...split, stratify: [0, 1] }, /stratify .*\[0,1\]/],
    [{ ...split, stratify: true }, /stratify .*label 3/],
  ];
  for (const [options, sentence] of wrong) {
    assert.throws(
      () => trainTestSplit(dataset, options as unknown as typeof split),
      (error) => error instanceof FlwrError && sentence.test(error.message),
      JSON.stringify(options),
    );
  }
});
