/**
 * The WebAssembly module of `SimdRows`, as bytes: loops over float32 vectors, four elements at a time.
 *
 * Instructions are written as lists of bytes, so the loops can be read from top to bottom. Vectors are addresses in an
 * imported memory.
 */

/** The functions of the module. Addresses are multiples of 16; an end is the address after the last element. */
export interface Loops {
  addScaled(sum: number, data: number, sumEnd: number, factor: number): void;
  /** Adds the vectors at `data`, and at 1, 2 and 3 strides after it, one after another. */
  addScaledFour(
    sum: number,
    data: number,
    sumEnd: number,
    ...factors: [first: number, second: number, third: number, fourth: number]
  ): void;
  compare(low: number, high: number, lowEnd: number): void;
  squares(a: number, b: number, aEnd: number): number;
  /** The largest absolute value's bits, as an integer. */
  largest(data: number, data2: number, dataEnd: number): number;
}

// Opcodes of WebAssembly (core specification 2.0, 5.4), with the parameters of every loop as locals 0 to 2.
const [I32, F32, F64, V128, VOID] = [0x7f, 0x7d, 0x7c, 0x7b, 0x40];
const [LOOP, END, BR_IF] = [0x03, 0x0b, 0x0d];
const [A, B, FINISH] = [0, 1, 2];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const simd = (opcode: number) => [0xfd, ...leb128(opcode)];
const loadAt = (offset: number) => [...simd(0x00), 0x04, ...leb128(offset)];
const load = loadAt(0);
const store = [...simd(0x0b), 0x04, 0x00];
const f32x4 = {
  splat: simd(0x13),
  add: simd(0xe4),
  mul: simd(0xe6),
  min: simd(0xe8),
  max: simd(0xe9),
};
const i32x4 = {
  splat: simd(0x11),
  max: simd(0xb8),
  lane: (lane: number) => [...simd(0x1b), lane],
};
const v128And = simd(0x4e);
const f64x2 = {
  add: simd(0xf0),
  sub: simd(0xf1),
  mul: simd(0xf2),
  promoteLow: simd(0x5f),
  lane: (lane: number) => [...simd(0x21), lane],
};
/** Moves the elements towards the first one, and the first ones to the end. */
const rotated = (local: number, bytes: number) => [
  ...[...get(local), ...get(local), ...simd(0x0d)],
  ...Array.from({ length: 16 }, (_, byte) => (byte + bytes) % 16),
];
/** Moves elements 2 and 3 to the places of 0 and 1. */
const upperHalf = (local: number) => rotated(local, 8);
const f64Add = 0xa0;

/** Repeats a body and advances both addresses, until the first one reaches the end. */
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
const ADD_SCALED = repeat([
  ...[...get(A), ...get(A), ...load, ...PRODUCT, ...f32x4.add, ...store],
]);

/** Locals after the parameters: four factors, then each of them in all lanes, and the sum. */
const addScaledFour = (stride: number) => {
  const factors = [3, 4, 5, 6];
  const [lanes, sum] = [7, 11];
  return [
    ...factors.flatMap((factor, i) => [...get(factor), ...f32x4.splat, ...set(lanes + i)]),
    ...repeat([
      ...[...get(A), ...load, ...set(sum)],
      ...factors.flatMap((_, i) => [
        ...[...get(sum), ...get(B), ...loadAt(i * stride), ...get(lanes + i)],
        ...[...f32x4.mul, ...f32x4.add, ...set(sum)],
      ]),
      ...[...get(A), ...get(sum), ...store],
    ]),
  ];
};

/** Without their signs, floats are in the order of their bits, and NaN and infinity are the largest. */
const LARGEST = (() => {
  const [mask, most] = [3, 4];
  const fold = (bytes: number) => [
    ...[...get(most), ...rotated(most, bytes), ...i32x4.max, ...set(most)],
  ];
  return [
    // Its last digit is small, so it is the same as a signed integer.
    ...[0x41, ...leb128(0x7fffffff), ...i32x4.splat, ...set(mask)],
    ...repeat([
      ...[...get(A), ...load, ...get(mask), ...v128And, ...get(most), ...i32x4.max, ...set(most)],
    ]),
    ...[...fold(8), ...fold(4), ...get(most), ...i32x4.lane(0)],
  ];
})();

/**
 * The module: functions over an imported memory, `env.memory`.
 *
 * @param stride bytes from one row to the next
 */
export function simdModule(stride: number): Uint8Array<ArrayBuffer> {
  const parameters = [3, I32, I32, I32];
  const code = (vectors: number, body: readonly number[]) => {
    const content = [1, vectors, V128, ...body, END];
    return [...leb128(content.length), ...content];
  };
  const functions = [
    ["compare", 0, code(2, COMPARE)],
    ["squares", 1, code(5, SQUARES)],
    ["addScaled", 2, code(0, ADD_SCALED)],
    ["addScaledFour", 3, code(5, addScaledFour(stride))],
    ["largest", 4, code(2, LARGEST)],
  ] as const;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [
      ...[5, 0x60, ...parameters, 0, 0x60, ...parameters, 1, F64],
      ...[0x60, 4, I32, I32, I32, F32, 0],
      ...[0x60, 7, I32, I32, I32, F32, F32, F32, F32, 0],
      ...[0x60, ...parameters, 1, I32],
    ]),
    ...section(2, [1, ...text("env"), ...text("memory"), 0x02, 0x00, 1]),
    ...section(3, [functions.length, ...functions.map(([, type]) => type)]),
    ...section(7, [
      functions.length,
      ...functions.flatMap(([name], index) => [...text(name), 0x00, index]),
    ]),
    ...section(10, [functions.length, ...functions.flatMap(([, , body]) => body)]),
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
