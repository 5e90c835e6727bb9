import { damagedPng } from "./png_chunks.ts";

/** The pixels of one pass of an interlaced picture: every `xStep`th of every `yStep`th row (PNG 3, 8.2). */
export interface Pass {
  readonly x: number;
  readonly y: number;
  readonly xStep: number;
  readonly yStep: number;
}

/** The single pass of a picture that is not interlaced. */
const WHOLE: readonly Pass[] = [{ x: 0, y: 0, xStep: 1, yStep: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, xStep: 8, yStep: 8 },
  { x: 4, y: 0, xStep: 8, yStep: 8 },
  { x: 0, y: 4, xStep: 4, yStep: 8 },
  { x: 2, y: 0, xStep: 4, yStep: 4 },
  { x: 0, y: 2, xStep: 2, yStep: 4 },
  { x: 1, y: 0, xStep: 2, yStep: 2 },
  { x: 0, y: 1, xStep: 1, yStep: 2 },
];

/** The rows of one pass in the file. */
export interface PassRows extends Pass {
  /** Pixels per row, at least 1. */
  readonly columns: number;
  readonly rows: number;
  /** Bytes per row, without its filter byte. */
  readonly rowBytes: number;
}

/** The passes of a picture that have pixels. */
export function passesOf(
  { width, height, interlaced, pixelBits }: {
    width: number;
    height: number;
    interlaced: boolean;
    pixelBits: number;
  },
): PassRows[] {
  return (interlaced ? ADAM7 : WHOLE).map((pass) => {
    const columns = Math.ceil((width - pass.x) / pass.xStep);
    const rows = Math.ceil((height - pass.y) / pass.yStep);
    return { ...pass, columns, rows, rowBytes: Math.ceil(columns * pixelBits / 8) };
  }).filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/**
 * Undoes a row's filter in place (PNG 3, 9.2).
 *
 * @param filter 0 to 4
 * @param above the unfiltered row above; zeros for the first row
 * @param step bytes per pixel, at least 1
 */
export function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter === 0) return;
  if (filter === 1) {
    for (let i = step; i < row.length; i++) row[i] = row[i]! + row[i - step]!;
  } else if (filter === 2) {
    for (let i = 0; i < row.length; i++) row[i] = row[i]! + above[i]!;
  } else if (filter === 3) {
    for (let i = 0; i < row.length; i++) {
      const left = i < step ? 0 : row[i - step]!;
      row[i] = row[i]! + ((left + above[i]!) >> 1);
    }
  } else if (filter === 4) {
    for (let i = 0; i < row.length; i++) {
      const left = i < step ? 0 : row[i - step]!;
      const corner = i < step ? 0 : above[i - step]!;
      row[i] = row[i]! + paeth(left, above[i]!, corner);
    }
  } else throw damagedPng(`a row has the unknown filter ${filter}`);
}

/** The neighbour closest to left + above − corner (PNG 3, 9.4). */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
