import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "csv-parse/sync";
import { FlwrError } from "../../../base/error.ts";
import { MAX_CSV_LINE_BYTES, readRows } from "./rows.ts";
import { decodeText } from "./text.ts";

async function rowsOf(text: string, delimiter = ",", pieceBytes = 1024): Promise<string[][]> {
  const bytes = new TextEncoder().encode(text);
  const pieces = ReadableStream.from(
    Array.from(
      { length: Math.ceil(bytes.length / pieceBytes) },
      (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
    ),
  );
  const batches = await Array.fromAsync(readRows(decodeText(pieces), delimiter));
  return batches.flat().map(({ cells }) => [...cells]);
}

const refused = (text: string, sentence: RegExp) =>
  assert.rejects(
    rowsOf(text),
    (error) => error instanceof FlwrError && sentence.test(error.message),
  );

Deno.test("csv rows: quoted cells can contain delimiters, line ends and quotes", async () => {
  assert.deepEqual(await rowsOf('a, "b" ,c\n"1,\r\n2" ,"3 ""4""",5\r\n,"",x"y"\n'), [
    ["a", "b", "c"],
    ["1,\r\n2", '3 "4"', "5"],
    ["", "", 'x"y"'],
  ]);
  assert.deepEqual(await rowsOf("a\tb\n\t\n 1\t2 ", "\t"), [["a", "b"], ["", ""], ["1", "2"]]);
  assert.deepEqual(await rowsOf("a::b\n1::2", "::"), [["a", "b"], ["1", "2"]]);
});

Deno.test("csv rows: lines are counted, also within quotes", async () => {
  await refused('a,b\n"1\n2",3\n4\n', /Line 4 has 1 cells, but the header has 2/);
  await refused('a,b\n"1\n2" x,3\n', /Line 3 has text after a closing quote/);
  await refused('a,b\n1,2\n"3,4\n5,6\n', /quote in line 3 is not closed/);
});

Deno.test("csv rows: a record without an end is refused before it fills the memory", async () => {
  async function* endless() {
    yield 'a,b\n"1';
    for (;;) yield "x".repeat(2 ** 20);
  }
  await assert.rejects(
    Array.fromAsync(readRows(endless(), ",")),
    (error) => error instanceof FlwrError && /line 2 is longer/.test(error.message),
  );
  assert.ok(MAX_CSV_LINE_BYTES < 2 ** 25);
});

Deno.test("csv rows: any table is read as csv-parse reads it, however it is divided into pieces", async () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "ü", " ", ",", '"', "\n", "\r\n", "7") });
  const table = fc.nat(3).chain((more) =>
    fc.array(fc.array(cell, { minLength: more + 2, maxLength: more + 2 }), {
      minLength: 1,
      maxLength: 5,
    })
  );
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  await fc.assert(
    fc.asyncProperty(table, lineEnd, fc.integer({ min: 1, max: 9 }), async (rows, end, bytes) => {
      const quoted = (text: string) =>
        /[",\r\n]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
      const text = rows.map((row) => row.map(quoted).join(",")).join(end) + end;
      const read = await rowsOf(text, ",", bytes);
      assert.deepEqual(read, rows);
      const expected = parse(text, { trim: true, record_delimiter: [end], relax_quotes: true });
      assert.deepEqual(read, expected);
    }),
    { numRuns: 500 },
  );
});
