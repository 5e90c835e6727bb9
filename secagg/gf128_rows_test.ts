import assert from "node:assert/strict";
import { addTo, elementAt, smallElement, times, timesSmall } from "./gf128.ts";
import { evaluateInto, readRow, sumOfProducts, writeRow } from "./gf128_rows.ts";

const CHUNKS = 3;
const randomRow = () => readRow(crypto.getRandomValues(new Uint8Array(16 * CHUNKS)));
const element = (row: Int32Array, chunk: number) => row.slice(4 * chunk, 4 * chunk + 4);

Deno.test("gf128 rows: polynomials have the values that Horner's rule gives element by element", () => {
  const rows = Array.from({ length: 6 }, randomRow);
  const result = new Int32Array(4 * CHUNKS);
  for (const x of [1, 2, 3, 10, 135, 200, 255, 65_537, 2 ** 25 - 1]) {
    evaluateInto(rows, x, result);
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      let expected = smallElement(0);
      for (const row of rows) {
        expected = timesSmall(expected, x);
        addTo(expected, element(row, chunk));
      }
      assert.deepEqual(element(result, chunk), expected, `at ${x} of ${rows.map(String)}`);
    }
  }
  for (const x of [0, 2 ** 25, -1]) assert.throws(() => evaluateInto(rows, x, result), RangeError);
});

Deno.test("gf128 rows: a sum of products is that of its elements", () => {
  const rows = Array.from({ length: 5 }, randomRow);
  const factors = rows.map(() => elementAt(crypto.getRandomValues(new Uint8Array(16))));
  const sum = sumOfProducts(factors, rows);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const expected = smallElement(0);
    rows.forEach((row, i) => addTo(expected, times(factors[i]!, element(row, chunk))));
    assert.deepEqual(element(sum, chunk), expected, `${factors.map(String)} ${rows.map(String)}`);
  }
});

Deno.test("gf128 rows: bytes are read and written alike", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const written = new Uint8Array(36);
  writeRow(readRow(bytes), written, 4);
  assert.deepEqual(written.subarray(4), bytes);
});
