import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import type { CsvOptions } from "./options.ts";
import { parseCsv, readCsv } from "./read_csv.ts";

const FLOWERS = `length,width,kind
5.1,3.5,setosa
-.5,1e1,"iris, blue"
+2,0,setosa
`;

async function assertRefused(action: Promise<unknown>, sentence: RegExp): Promise<void> {
  await assert.rejects(
    action,
    (error) =>
      error instanceof FlwrError && error.code === "invalid-argument" &&
      sentence.test(error.message),
  );
}

Deno.test("csv: inputs are numbers, targets classes in ascending order", async () => {
  const { x, y, columns, classes } = await parseCsv(FLOWERS, { target: "kind" });
  assert.deepEqual(x.shape, [3, 2]);
  assert.deepEqual(x.data, new Float32Array([5.1, 3.5, -0.5, 10, 2, 0]));
  assert.deepEqual(classes, ["iris, blue", "setosa"]);
  assert.deepEqual(y.data, new BigInt64Array([1n, 0n, 1n]));
  assert.deepEqual(columns, ["length", "width"]);
});

Deno.test("csv: columns are chosen by name and order; numbers can be targets", async () => {
  const options = { target: "width", inputs: ["length"], targetType: "numbers" } as const;
  const { x, y, classes } = await parseCsv(FLOWERS, options);
  assert.deepEqual(x.data, new Float32Array([5.1, -0.5, 2]));
  assert.deepEqual([y.dtype, y.shape, [...y.data]], ["float32", [3, 1], [3.5, 10, 0]]);
  assert.deepEqual(classes, []);
});

Deno.test("csv: classes that are numbers are sorted as numbers, given ones kept as given", async () => {
  const text = "a,b\n1,10\n2,9\n3,10\n";
  assert.deepEqual((await parseCsv(text, { target: "b" })).classes, ["9", "10"]);
  const given = await parseCsv(text, { target: "b", classes: ["10", "8", "9"] });
  assert.deepEqual([...given.y.data], [0n, 2n, 0n]);
  await assertRefused(
    parseCsv(text, { target: "b", classes: ["10"] }),
    /^Line 3, column "b" is not one of the classes: "9"$/,
  );
});

Deno.test("csv: byte order mark, other delimiters, Windows line ends, spaces and empty lines", async () => {
  const text = "\ufeffa; b\r\n 1 ;2\r\n\r\n3;4\r\n";
  const { x, y } = await parseCsv(text, { target: "b", delimiter: ";", targetType: "numbers" });
  assert.deepEqual([[...x.data], [...y.data]], [[1, 3], [2, 4]]);
});

Deno.test("csv: a cell that is not a number is named by line and column", async () => {
  for (const cell of ["x", "1,5", "0x10", "1_000", "--1", "Infinity"]) {
    const text = `a,b\n1,1\n"${cell}",1\n`;
    await assertRefused(parseCsv(text, { target: "b" }), /^Line 3, column "a" is not a number: "/);
  }
});

Deno.test("csv: malformed tables and missing columns are refused", async () => {
  const refused = (text: string, sentence: RegExp) =>
    assertRefused(parseCsv(text, { target: "b" }), sentence);
  await refused("", /no rows below its header/);
  await refused("a,b\n", /no rows below its header/);
  await refused("a,b\n1,2,3\n", /^Table is malformed: Line 2 /);
  await refused('a,b\n"1,2\n', /^Table is malformed: /);
  await refused("a,c\n1,2\n", /^Table has no column "b": it has a, c$/);
  await refused("a,b,b\n1,2,3\n", /^Table has more than one column "b"/);
});

const VECTORS = "tests/vectors/files";
const vector = (name: string, options: Partial<CsvOptions> = {}) =>
  readCsv(`${VECTORS}/csv_${name}.csv`, { target: "kind", ...options, split: undefined });

Deno.test("csv: bytes that are not UTF-8 are refused with their line, and read with the option encoding", async () => {
  await assertRefused(vector("latin1"), /Line 2 is not text in utf-8$/);
  const { classes } = await vector("latin1", { encoding: "windows-1252" });
  assert.deepEqual(classes, ["Grön", "Grün"]);
  await assertRefused(
    vector("latin1", { encoding: "klingon" }),
    /Unknown text encoding "klingon"$/,
  );
});

Deno.test("csv: UTF-16 with a byte order mark is read, without one it is recognised and refused", async () => {
  const { x, classes } = await vector("utf16le_excel");
  assert.deepEqual([[...x.data], classes], [[1, 2.5, -3, 4], ["cat", "dog"]]);
  const bytes = await Deno.readFile(`${VECTORS}/csv_utf16le_excel.csv`);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes.subarray(2));
    await assertRefused(readCsv(path, { target: "kind" }), /Line 1 has a zero byte/);
    assert.deepEqual(
      (await readCsv(path, { target: "kind", encoding: "utf-16le" })).classes,
      classes,
    );
    await Deno.writeFile(path, bytes.subarray(0, -1));
    await assertRefused(readCsv(path, { target: "kind" }), /is not text in utf-16le/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("csv: numbers that float32 cannot represent are refused", async () => {
  for (const name of ["1e400", "float32_1e39"]) {
    await assertRefused(vector(`overflow_${name}`), /Line 2, column "a" is too large/);
  }
  const numbers = vector("overflow_target_1e39", { targetType: "numbers" });
  await assertRefused(numbers, /Line 2, column "kind" is too large/);
});

Deno.test("csv: lines may end in several ways in one file", async () => {
  const { x, y } = await vector("mixed_crlf_header_lf_rows");
  assert.deepEqual([[...x.data], [...y.data]], [[1, 2.5, -3, 4], [0n, 1n]]);
  assert.deepEqual((await vector("mixed_crlf_then_lf_last_row")).x.shape, [3, 2]);
  const carriage = await parseCsv("a,b\r1,2\r3,4\r", { target: "b" });
  assert.deepEqual([...carriage.x.data], [1, 3]);
});

Deno.test("csv: a missing target is not a class", async () => {
  await assertRefused(vector("empty_target_class"), /Line 3, column "kind" is missing/);
  await assertRefused(vector("na_target_class"), /Line 3, column "kind" is missing/);
  assert.deepEqual((await vector("empty_target_class", { missing: "drop" })).classes, [
    "cat",
    "dog",
  ]);
  // Listed as a class, the text is a class.
  const named = await vector("na_target_class", { classes: ["0", "1", "NaN"] });
  assert.deepEqual([...named.y.data], [0n, 2n, 1n]);
});

Deno.test("csv: two spellings of one number are one class", async () => {
  const { y, classes } = await vector("classes_int_and_float_text");
  assert.deepEqual([classes, [...y.data]], [["0", "1"], [0n, 1n, 1n, 0n]]);
  const given = await vector("classes_int_and_float_text", { classes: ["1", "0"] });
  assert.deepEqual([...given.y.data], [1n, 0n, 0n, 1n]);
  const large = "a,b\n1,9007199254740993\n2,9007199254740992\n";
  assert.equal((await parseCsv(large, { target: "b" })).classes.length, 2);
  await assertRefused(parseCsv(large, { target: "b", classes: ["1", "1"] }), /twice/);
});

Deno.test("csv: a column without a name is refused, unless it is not read", async () => {
  await assertRefused(vector("pandas_index"), /Column 1 of the table has no name/);
  assert.deepEqual((await vector("pandas_index", { inputs: ["a", "b"] })).columns, ["a", "b"]);
});

Deno.test("csv: any numbers are read as they were written", async () => {
  const number = fc.float({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(number, number), { minLength: 1 }), async (rows) => {
      const text = ["p,q", ...rows.map((row) => row.join(","))].join("\n");
      const { x, y } = await parseCsv(text, { target: "q", targetType: "numbers" });
      // The text of a negative zero has no sign.
      assert.deepEqual([...x.data], rows.map(([p]) => p + 0));
      assert.deepEqual([...y.data], rows.map(([, q]) => q + 0));
    }),
  );
});

Deno.test("csv: errors name the file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "table.csv");
    const named = (code: string) => (error: unknown) =>
      error instanceof FlwrError && error.code === code &&
      error.message.startsWith(`File "${path}"`);
    await assert.rejects(readCsv(path, { target: "b" }), named("not-found"));
    await Deno.writeTextFile(path, "a,b\nx,1\n");
    await assert.rejects(readCsv(path, { target: "b" }), named("invalid-argument"));
    await Deno.writeTextFile(path, "a,b\n2,1\n");
    assert.deepEqual([...(await readCsv(path, { target: "b" })).x.data], [2]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("csv: any bytes give a table or a FlwrError", async () => {
  const piece = fc.oneof(
    fc.constantFrom("a,b\n", "1,2\n", '"', "\r", "\n", ",", "1e39", "NA", "\ufeff", " "),
    fc.string({ maxLength: 3 }),
  );
  const bytes = fc.array(
    fc.oneof(
      piece.map((text) => new TextEncoder().encode(text)),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  );
  const path = await Deno.makeTempFile();
  try {
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom("refuse", "drop", "mean"), async (parts, missing) => {
        await Deno.writeFile(path, Uint8Array.from(parts.flatMap((part) => [...part])));
        try {
          const { x, y } = await readCsv(path, { target: "b", missing });
          assert.ok(x.data.every(Number.isFinite) && y.shape[0] === x.shape[0]);
        } catch (error) {
          assert.ok(error instanceof FlwrError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  } finally {
    await Deno.remove(path);
  }
});
