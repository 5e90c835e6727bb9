/**
 * Loops over float32 vectors in WebAssembly, four elements at a time, which JavaScript cannot do. Their results equal
 * those of the same operations one by one: minimum and maximum, and a sum of squares in double precision (in another
 * order).
 */

import { type Loops, simdModule } from "./simd_module.ts";

/** Bytes of a float32 and of a double. */
const FLOAT_BYTES = 4;
const DOUBLE_BYTES = 8;
/** Elements that one instruction works on. */
const LANES = 4;
/** Bytes of a page of WebAssembly memory. */
const PAGE_BYTES = 65_536;

/** Vectors of equal length in WebAssembly memory, and loops over them. The first use allocates them. */
export class SimdRows {
  readonly #count: number;
  readonly #length: number;
  readonly #stride: number;
  #made: { readonly rows: readonly Float32Array[]; readonly loops: Loops } | undefined;

  /**
   * Prepares vectors.
   *
   * @param count number of vectors
   * @param length number of elements of each; a multiple of 4
   */
  constructor(count: number, length: number) {
    this.#count = count;
    this.#length = length;
    this.#stride = length * FLOAT_BYTES;
  }

  /** The vectors: write their elements, then call the loops. */
  get rows(): readonly Float32Array[] {
    return this.#use().rows;
  }

  /** Number of elements of a vector. */
  get length(): number {
    return this.#length;
  }

  get #loops(): Loops {
    return this.#use().loops;
  }

  #use(): { readonly rows: readonly Float32Array[]; readonly loops: Loops } {
    if (this.#made !== undefined) return this.#made;
    const pages = Math.ceil(this.#count * this.#stride / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: Math.max(1, pages) });
    const module = moduleOf(this.#stride);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    const rows = Array.from(
      { length: this.#count },
      (_, row) => new Float32Array(memory.buffer, row * this.#stride, this.#length),
    );
    return this.#made = { rows, loops: instance.exports as unknown as Loops };
  }

  /**
   * Puts the smaller of each pair of elements into one row, and the larger into the other. NaN goes into both.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   */
  compare(low: number, high: number, length: number): void {
    const start = low * this.#stride;
    this.#loops.compare(start, high * this.#stride, start + length * FLOAT_BYTES);
  }

  /**
   * Adds factor · data of consecutive rows to a row, in their order, each product and each sum rounded to float32; the
   * factors are rounded first. Start a sum with rows of −0, because adding −0 or 0 to −0 preserves its sign.
   *
   * @param sum the row of the sum
   * @param data the first of the other rows
   * @param factors one for each
   * @param length elements, from 1; rounded up to a multiple of 4
   * @returns the largest absolute value of the rows that are added; NaN if one of their elements is not a number
   */
  addScaled(sum: number, data: number, factors: readonly number[], length: number): number {
    const { addScaled, addScaledFour } = this.#loops;
    const start = sum * this.#stride;
    const end = start + length * FLOAT_BYTES;
    const from = (place: number) => (data + place) * this.#stride;
    let place = 0;
    let largest = 0;
    for (; place + 4 <= factors.length; place += 4) {
      const [a, b, c, d] = factors.slice(place, place + 4) as [number, number, number, number];
      largest = Math.max(largest, addScaledFour(start, from(place), end, a, b, c, d));
    }
    for (; place < factors.length; place++) {
      largest = Math.max(largest, addScaled(start, from(place), end, factors[place]!));
    }
    return floatOf(largest);
  }

  /**
   * The largest absolute value of a row; NaN if one of its elements is not a number.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   */
  largest(row: number, length: number): number {
    const start = row * this.#stride;
    return floatOf(this.#loops.largest(start, start, start + length * FLOAT_BYTES));
  }

  /**
   * The sum of the squared differences of two rows.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   */
  squaredDistance(a: number, b: number, length: number): number {
    const start = a * this.#stride;
    return this.#loops.squares(start, b * this.#stride, start + length * FLOAT_BYTES);
  }
}

/**
 * Float32 vectors as doubles in WebAssembly memory, to compare each with many others: so each is converted once. The first
 * use allocates them.
 */
export class SimdDoubles {
  /** Vectors that are compared with one at a time. */
  static readonly TOGETHER = 4;
  readonly #count: number;
  readonly #length: number;
  readonly #stride: number;
  #made: {
    readonly loops: Loops;
    readonly source: Float32Array;
    readonly results: Float64Array;
  } | undefined;

  /**
   * Prepares vectors.
   *
   * @param count number of vectors
   * @param length elements of each; a multiple of 4
   */
  constructor(count: number, length: number) {
    this.#count = count;
    this.#length = length;
    this.#stride = length * DOUBLE_BYTES;
  }

  /** Writes float32 elements into a vector, at most its length, and zeros behind them up to a multiple of 4. */
  write(row: number, elements: Float32Array): void {
    const { loops, source } = this.#use();
    const padded = paddedLength(elements.length);
    source.set(elements);
    source.fill(0, elements.length, padded);
    const start = row * this.#stride;
    loops.promote(start, source.byteOffset, start + padded * DOUBLE_BYTES);
  }

  /**
   * The sums of the squared differences between a vector and up to four others, one after the other. Each is that of
   * {@link SimdRows.squaredDistance}, bit for bit.
   *
   * @param first the first of the others
   * @param length elements, from 1; rounded up to a multiple of 4
   * @returns four sums, until the next call. Those of vectors that do not exist mean nothing
   */
  squaredDistances(row: number, first: number, length: number): Float64Array {
    const { loops, results } = this.#use();
    const start = row * this.#stride;
    const end = start + paddedLength(length) * DOUBLE_BYTES;
    loops.squaresFour(start, first * this.#stride, end, results.byteOffset);
    return results;
  }

  #use() {
    if (this.#made !== undefined) return this.#made;
    // Behind the last vector there are those that a call for four reads of one alone.
    const sourceAt = (this.#count + SimdDoubles.TOGETHER - 1) * this.#stride;
    const resultsAt = sourceAt + this.#length * FLOAT_BYTES;
    const pages = Math.ceil((resultsAt + SimdDoubles.TOGETHER * DOUBLE_BYTES) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages });
    const instance = new WebAssembly.Instance(moduleOf(this.#stride), { env: { memory } });
    return this.#made = {
      loops: instance.exports as unknown as Loops,
      source: new Float32Array(memory.buffer, sourceAt, this.#length),
      results: new Float64Array(memory.buffer, resultsAt, SimdDoubles.TOGETHER),
    };
  }
}

/**
 * Modules by stride. V8 compiles a module quickly first, and again for speed after some time in its loops: a module that
 * is made anew is slow again.
 */
const MODULES = new Map<number, WebAssembly.Module>();

function moduleOf(stride: number): WebAssembly.Module {
  let module = MODULES.get(stride);
  if (module === undefined) {
    MODULES.set(stride, module = new WebAssembly.Module(simdModule(stride)));
  }
  return module;
}

/** Rounds a number of elements up to a multiple that the loops can process. */
export function paddedLength(length: number): number {
  return Math.ceil(length / LANES) * LANES;
}

/** The same four bytes as an integer and as a float. */
const BITS = new Int32Array(1);
const FLOATS = new Float32Array(BITS.buffer);

function floatOf(bits: number): number {
  BITS[0] = bits;
  return FLOATS[0]!;
}
