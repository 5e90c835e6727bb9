/**
 * Loops over float32 vectors in WebAssembly, four elements at a time, which JavaScript cannot do. Their results equal
 * those of the same operations one by one: minimum and maximum, and a sum of squares in double precision (in another
 * order).
 */

import { type Loops, simdModule } from "./simd_module.ts";

/** Bytes of a float32. */
const FLOAT_BYTES = 4;
/** Number of elements that one instruction processes. */
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
   */
  addScaled(sum: number, data: number, factors: readonly number[], length: number): void {
    const { addScaled, addScaledFour } = this.#loops;
    const start = sum * this.#stride;
    const end = start + length * FLOAT_BYTES;
    const from = (place: number) => (data + place) * this.#stride;
    let place = 0;
    for (; place + 4 <= factors.length; place += 4) {
      const [a, b, c, d] = factors.slice(place, place + 4) as [number, number, number, number];
      addScaledFour(start, from(place), end, a, b, c, d);
    }
    for (; place < factors.length; place++) addScaled(start, from(place), end, factors[place]!);
  }

  /**
   * The largest absolute value of a row; NaN if one of its elements is not a number.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   */
  largest(row: number, length: number): number {
    const start = row * this.#stride;
    BITS[0] = this.#loops.largest(start, start, start + length * FLOAT_BYTES);
    return FLOATS[0]!;
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
 * Modules by stride. V8 first compiles a module quickly, and later, after some time in its loops, for speed. A new
 * module would be slow again.
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
