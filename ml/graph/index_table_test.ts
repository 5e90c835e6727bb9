import assert from "node:assert/strict";
import fc from "fast-check";
import { hasGaps, type IndexTable, indexTable, transposeTable } from "./index_table.ts";

function applied({ rows, taps, entries }: IndexTable, source: readonly number[]): number[] {
  return Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) sum += source[entries[tap * rows + i]!] ?? 0;
    return sum;
  });
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

Deno.test("the transpose of a table is its adjoint: ⟨T x, y⟩ = ⟨x, Tᵀ y⟩", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 6 }),
    fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 12 }),
    (sourceRows, raw) => {
      const entries = Int32Array.from(raw, (entry) => Math.min(entry, sourceRows - 1));
      const table = indexTable(sourceRows, entries);
      const transposed = transposeTable(table);
      const x = Array.from({ length: sourceRows }, (_, i) => i + 1);
      const y = Array.from({ length: entries.length }, (_, i) => 2 * i - 3);
      assert.equal(dot(applied(table, x), y), dot(x, applied(transposed, y)));
      assert.equal(transposeTable(transposed), table);
    },
  ));
});

Deno.test("gaps are detected", () => {
  assert.ok(hasGaps(indexTable(2, Int32Array.of(0, -1))));
  assert.ok(!hasGaps(indexTable(2, Int32Array.of(0, 1))));
});
