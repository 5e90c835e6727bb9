/**
 * A fixed table that builds rows from rows: result[i] = Σ_t source[entries[t · rows + i]], where an entry of −1 adds
 * nothing. Its adjoint is a table too, so the primitive that uses it is closed under differentiation.
 */
export interface IndexTable {
  /** Number of rows of the source. */
  readonly sourceRows: number;
  /** Number of rows of the result. */
  readonly rows: number;
  /** Number of terms of each sum. */
  readonly taps: number;
  /** Row indices of the source or −1, [taps × rows]. */
  readonly entries: Int32Array;
}

/** A table of one tap: result[i] = source[entries[i]], or zero for −1. */
export function indexTable(sourceRows: number, entries: Int32Array): IndexTable {
  return { sourceRows, rows: entries.length, taps: 1, entries };
}

const transposes = new WeakMap<IndexTable, IndexTable>();

/** The adjoint: for each source row, the result rows that it was added to. Computed once per table. */
export function transposeTable(table: IndexTable): IndexTable {
  const known = transposes.get(table);
  if (known !== undefined) return known;
  const counts = new Int32Array(table.sourceRows);
  for (const entry of table.entries) if (entry >= 0) counts[entry]!++;
  const taps = counts.reduce((most, count) => Math.max(most, count), 1);
  const entries = new Int32Array(taps * table.sourceRows).fill(-1);
  counts.fill(0);
  table.entries.forEach((entry, position) => {
    if (entry >= 0) entries[counts[entry]!++ * table.sourceRows + entry] = position % table.rows;
  });
  const transposed = { sourceRows: table.rows, rows: table.sourceRows, taps, entries };
  transposes.set(table, transposed);
  transposes.set(transposed, table);
  return transposed;
}

/** Whether an entry adds nothing. */
export function hasGaps(table: IndexTable): boolean {
  return table.entries.includes(-1);
}
