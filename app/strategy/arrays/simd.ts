/**
 * Loops over float32 vectors in WebAssembly, four elements at a time, which JavaScript cannot do. Their results are those
 * of the same operations one by one: minimum and maximum, and a sum of squares in double precision (in another order).
 */

/** Bytes of a float32. */
const FLOAT_BYTES = 4;
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
   * @param length elements of each; a multiple of 4
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

  /** Elements of a vector. */
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
    const module = new WebAssembly.Module(moduleBytes());
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    const rows = Array.from(
      { length: this.#count },
      (_, row) => new Float32Array(memory.buffer, row * this.#stride, this.#length),
    );
    return this.#made = { rows, loops: instance.exports as unknown as Loops };
  }

  /**
   * Puts the smaller of each two elements into one row, and the larger one into the other. NaN goes into both.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   */
  compare(low: number, high: number, length: number): void {
    const start = low * this.#stride;
    this.#loops.compare(start, high * this.#stride, start + length * FLOAT_BYTES);
  }

  /**
   * Adds factor · data to a row, each product and each sum rounded to float32; the factor is rounded first.
   *
   * @param length elements, from 1; rounded up to a multiple of 4
   * @param isFirst the row becomes the product
   */
  addScaled(
    sum: number,
    data: number,
    factor: number,
    { length, isFirst }: { readonly length: number; readonly isFirst: boolean },
  ): void {
    const start = sum * this.#stride;
    const loop = isFirst ? this.#loops.scale : this.#loops.addScaled;
    loop(start, data * this.#stride, start + length * FLOAT_BYTES, factor);
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

/** Pads a number of elements to what the loops work on. */
export function paddedLength(length: number): number {
  return Math.ceil(length / LANES) * LANES;
}

interface Loops {
  scale(sum: number, data: number, sumEnd: number, factor: number): void;
  addScaled(sum: number, data: number, sumEnd: number, factor: number): void;
  compare(low: number, high: number, lowEnd: number): void;
  squares(a: number, b: number, aEnd: number): number;
}

// Opcodes of WebAssembly (core specification 2.0, 5.4), with the parameters of every loop as locals 0 to 2.
const [I32, F32, F64, V128, VOID] = [0x7f, 0x7d, 0x7c, 0x7b, 0x40];
const [LOOP, END, BR_IF] = [0x03, 0x0b, 0x0d];
const [A, B, FINISH] = [0, 1, 2];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const simd = (opcode: number) => [0xfd, ...leb128(opcode)];
const load = [...simd(0x00), 0x04, 0x00];
const store = [...simd(0x0b), 0x04, 0x00];
const f32x4 = {
  splat: simd(0x13),
  add: simd(0xe4),
  mul: simd(0xe6),
  min: simd(0xe8),
  max: simd(0xe9),
};
const f64x2 = {
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  promoteLow: simd(0x5f),
  lane: (lane: number) => [...simd(0x21), lane],
};
/** Moves elements 2 and 3 to the places of 0 and 1. */
const upperHalf = (local: number) => [
  ...[...get(local), ...get(local), ...simd(0x0d)],
  ...Array.from({ length: 16 }, (_, byte) => (byte + 8) % 16),
];
const f64Add = 0xa0;

/** Repeats a body, and moves both addresses on, until the first one is at the end. */
function repeat(body: readonly number[]): number[] {
  const advance = (local: number) => [...get(local), 0x41, 16, 0x6a, ...set(local)];
  return [
    ...[LOOP, VOID, ...body, ...advance(A), ...advance(B)],
    ...[...get(A), ...get(FINISH), 0x49, BR_IF, 0, END],
  ];
}

const COMPARE = (() => {
  const [a, b] = [3, 4];
  return repeat([
    ...[...get(A), ...get(A), ...load, ...tee(a), ...get(B), ...load, ...tee(b)],
    ...[...f32x4.min, ...store],
    ...[...get(B), ...get(a), ...get(b), ...f32x4.max, ...store],
  ]);
})();

const SQUARES = (() => {
  const [a, b, difference, low, high] = [3, 4, 5, 6, 7];
  const addSquare = (sum: number, halfOf: (local: number) => number[]) => [
    ...[...halfOf(a), ...f64x2.promoteLow, ...halfOf(b), ...f64x2.promoteLow, ...f64x2.sub],
    ...[...tee(difference), ...get(difference), ...f64x2.mul, ...get(sum), ...f64x2.add],
    ...set(sum),
  ];
  return [
    ...repeat([
      ...[...get(A), ...load, ...set(a), ...get(B), ...load, ...set(b)],
      ...addSquare(low, get),
      ...addSquare(high, upperHalf),
    ]),
    ...[...get(low), ...get(high), ...f64x2.add, ...tee(low), ...f64x2.lane(0)],
    ...[...get(low), ...f64x2.lane(1), f64Add],
  ];
})();

const [FACTOR] = [3];
const PRODUCT = [...get(B), ...load, ...get(FACTOR), ...f32x4.splat, ...f32x4.mul];
const SCALE = repeat([...get(A), ...PRODUCT, ...store]);
const ADD_SCALED = repeat([
  ...[...get(A), ...get(A), ...load, ...PRODUCT, ...f32x4.add, ...store],
]);

/** The module: four functions over an imported memory. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const parameters = [3, I32, I32, I32];
  const code = (vectors: number, body: readonly number[]) => {
    const content = [1, vectors, V128, ...body, END];
    return [...leb128(content.length), ...content];
  };
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [
      ...[3, 0x60, ...parameters, 0, 0x60, ...parameters, 1, F64],
      ...[0x60, 4, I32, I32, I32, F32, 0],
    ]),
    ...section(2, [1, ...text("env"), ...text("memory"), 0x02, 0x00, 1]),
    ...section(3, [4, 0, 1, 2, 2]),
    ...section(7, [
      ...[4, ...text("compare"), 0x00, 0, ...text("squares"), 0x00, 1],
      ...[...text("scale"), 0x00, 2, ...text("addScaled"), 0x00, 3],
    ]),
    ...section(10, [
      ...[4, ...code(2, COMPARE), ...code(5, SQUARES), ...code(0, SCALE)],
      ...code(0, ADD_SCALED),
    ]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb128(content.length), ...content];
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}

/** An unsigned integer in base 128, least significant digits first. */
function leb128(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...leb128(Math.floor(value / 128))];
}
