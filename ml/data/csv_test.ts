import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { parseCsv, readCsv } from "./csv.ts";

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
    /^Line 3, column "b" is none of the classes: "9"$/,
  );
});

Deno.test("csv: byte order mark, other delimiters, Windows line ends, spaces and empty lines", async () => {
  const text = "\ufeffa; b\r\n 1 ;2\r\n\r\n3;4\r\n";
  const { x, y } = await parseCsv(text, { target: "b", delimiter: ";", targetType: "numbers" });
  assert.deepEqual([[...x.data], [...y.data]], [[1, 3], [2, 4]]);
});

Deno.test("csv: a cell that is no number is named by line and column", async () => {
  for (const cell of ["", "x", "1,5", "0x10", "NaN", "1_000", "--1", "Infinity"]) {
    const text = `a,b\n1,1\n"${cell}",1\n`;
    await assertRefused(parseCsv(text, { target: "b" }), /^Line 3, column "a" is not a number: "/);
  }
});

Deno.test("csv: malformed tables and missing columns are refused", async () => {
  const refused = (text: string, sentence: RegExp) =>
    assertRefused(parseCsv(text, { target: "b" }), sentence);
  await refused("", /no rows below its header/);
  await refused("a,b\n", /no rows below its header/);
  await refused("a,b\n1,2,3\n", /^Table is malformed: .*line 2/);
  await refused('a,b\n"1,2\n', /^Table is malformed: /);
  await refused("a,c\n1,2\n", /^Table has no column "b": it has a, c$/);
  await refused("a,b,b\n1,2,3\n", /^Table has more than one column "b"/);
});

Deno.test("csv: any numbers come back as they were written", async () => {
  const number = fc.float({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(number, number), { minLength: 1 }), async (rows) => {
      const text = ["p,q", ...rows.map((row) => row.join(","))].join("\n");
      const { x, y } = await parseCsv(text, { target: "q", targetType: "numbers" });
      // Text has no negative zero.
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
