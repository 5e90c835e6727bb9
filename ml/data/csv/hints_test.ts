import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import type { CsvOptions } from "./options.ts";
import { parseCsv } from "./read_csv.ts";

const OPTIONS = { target: "b", targetType: "numbers" } as const;

async function hintsOf(text: string, options: Partial<CsvOptions> = {}): Promise<string> {
  try {
    await parseCsv(text, { ...OPTIONS, ...options, split: undefined });
  } catch (error) {
    assert(error instanceof FlwrError && error.code === "invalid-argument", String(error));
    return error.hints.join("\n");
  }
  assert.fail("not refused");
}

Deno.test("csv: a decimal comma is named, and read if the option is set", async () => {
  const text = "a;b\n0,345;-1,5e1\n2;,5\n";
  assert.match(await hintsOf(text, { delimiter: ";" }), /decimal: ","/);
  const { x, y } = await parseCsv(text, { ...OPTIONS, delimiter: ";", decimal: "," });
  assert.deepEqual([[...x.data], [...y.data]], [[Math.fround(0.345), 2], [-15, 0.5]]);
  for (const cell of ["0.5", "1.234,5", "1,2,3"]) {
    await hintsOf(`a;b\n${cell};1\n`, { delimiter: ";", decimal: "," });
  }
  assert.doesNotMatch(await hintsOf('a,b\n"1,2,3",1\n'), /decimal/);
  await hintsOf("a,b\n1,1\n", { decimal: ";" as "," });
});

Deno.test("csv: other programs' missing cells are named", async () => {
  for (const cell of [".", "?", "-"]) {
    const hints = await hintsOf(`a,b\n${cell},1\n`);
    assert.ok(hints.includes(`missingCells: ["", "${cell}"]`), hints);
  }
  assert.doesNotMatch(await hintsOf("a,b\nx,1\n"), /missingCells/);
});

Deno.test("csv: another delimiter and a first line that is not the header are named", async () => {
  assert.match(await hintsOf("a;b\n1;2\n"), /delimiter: ";"/);
  // Decimal commas give the rows more cells than the header has.
  assert.match(await hintsOf("a;b\n1,5;2\n"), /delimiter: ";"/);
  assert.match(await hintsOf("a\tb\n1\t2\n"), /delimiter: "\\t"/);
  assert.match(await hintsOf("a,b\n1,2\n", { delimiter: ";" }), /delimiter: ","/);
  assert.match(await hintsOf("# made by x\na,b\n1,2\n"), /comment/);
  assert.match(await hintsOf("sep=;\na;b\n1;2\n"), /first line.*delimiter: ";"/);
  assert.match(await hintsOf("sep=;\na;b\n1;2\n", { delimiter: ";" }), /first line/);
  assert.equal(await hintsOf("a,b\n1,2,3,4\n"), "");
});

Deno.test("csv: spreadsheet formats of numbers are named", async () => {
  const shown: readonly (readonly [string, RegExp])[] = [
    ["12.5 %", /Percentages/],
    ["3%", /Percentages/],
    ['"1,234.5"', /[Tt]housands/],
    ["1 234", /[Tt]housands/],
    ["1\u202f234", /[Tt]housands/],
    ["1'234", /[Tt]housands/],
    ["2024-01-31", /Dates/],
    ["31.01.2024", /Dates/],
    ["1/31/2024", /Dates/],
    ["€5", /Currency/],
    ["5 €", /Currency/],
    ["\u22125", /minus/],
    ["TRUE", /categories/],
    ["#DIV/0!", /could not compute/],
    ["Err:502", /could not compute/],
  ];
  for (const [cell, hint] of shown) assert.match(await hintsOf(`a,b\n${cell},1\n`), hint, cell);
  const german = { delimiter: ";", decimal: "," } as const;
  assert.match(await hintsOf("a;b\n1.234,5;1\n", german), /[Tt]housands/);
  assert.match(await hintsOf("a;b\n12,5 %;1\n", german), /Percentages/);
});

Deno.test("csv: quoted headers with another delimiter, and other quotes, are named", async () => {
  assert.match(await hintsOf('"a";"b"\n1;2\n'), /delimiter: ";"/);
  assert.match(await hintsOf('"a"\t"b"\n1\t2\n'), /delimiter: "\\t"/);
  assert.equal(await hintsOf('"a"x,"b"\n1,2\n'), "");
  assert.match(await hintsOf("'a','b'\n1,2\n"), /quote/);
});

Deno.test("csv: a mark that could separate thousands is not only taken for a decimal comma", async () => {
  // As a decimal number, the cell would be a thousand times too small.
  assert.match(await hintsOf('a,b\n"1,234",1\n'), /decimal: ","[^]*[Tt]housands/);
  assert.doesNotMatch(await hintsOf('a,b\n"0,234",1\n'), /[Tt]housands/);
  const german = { delimiter: ";", decimal: "," } as const;
  assert.match(await hintsOf("a;b\n1.234;1\n", german), /option decimal[^]*[Tt]housands/);
});

Deno.test("csv: errors for tables of R, pandas and spreadsheets say what to change", async () => {
  // Output of write.table, write.csv and to_csv, and lines that end with a delimiter.
  assert.match(await hintsOf('"a","b"\n"1",34,0\n'), /row\.names = FALSE/);
  assert.match(await hintsOf('"","a","b"\n"1",34,0\n'), /index=False or row\.names = FALSE/);
  assert.match(await hintsOf("a,b,\n1,2,\n"), /end of each line/);
  assert.match(await hintsOf("a,b\n1,2,\n"), /end of the lines/);
  assert.match(await hintsOf("a b\n1 2\n"), /delimiter: " "/);
  assert.match(await hintsOf('{"a":{"0":34}}\n'), /JSON/);
  assert.match(await hintsOf('[{"a":1},{"a":2}]\n'), /JSON/);
  assert.match(await hintsOf("<table>\n<tr>\n"), /HTML/);
});
