import {
  call,
  type Code,
  get,
  I32,
  i32,
  i32x4,
  ifElse,
  PAGE_BYTES,
  repeatWhile,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
  wasmModule,
} from "../../base/wasm.ts";
import { LOWER, MATRIX, SHIFT, SIZE, TEMPERING, UPPER } from "../mt19937.ts";

/** Bytes of a generator's words. */
const STATE_BYTES = 4 * SIZE;
/** Bytes of a vector. */
const VECTOR = 16;

/** Words of a generator in memory: its state, and the number of bytes of it that are used. */
export const GENERATOR_WORDS = SIZE + 16;
/** Generators in memory. */
export const GENERATORS = 64;
/** Elements of a vector in memory. */
export const BLOCK = PAGE_BYTES / 4;

/** Where things lie in the memory. */
export const MASK_PLACES = { block: 0, generators: PAGE_BYTES } as const;

/** What the module exports. */
export interface MaskProgram {
  readonly memory: WebAssembly.Memory;
  /**
   * Adds a generator's next outputs to elements.
   *
   * @param generator its address
   * @param target address of the elements
   * @param count of the elements
   * @param bits what outputs are masked with; an output that equals it is left out
   * @param turn 0 adds, −1 subtracts
   */
  add(generator: number, target: number, count: number, bits: number, turn: number): void;
}

/** The Mersenne Twister with four words in a step, and sums of its outputs. */
export function maskProgram(): MaskProgram {
  const pages = 1 + Math.ceil(GENERATORS * GENERATOR_WORDS * 4 / PAGE_BYTES);
  const module = wasmModule([twist(), add(0)], pages);
  return new WebAssembly.Instance(module).exports as unknown as MaskProgram;
}

/** Instructions of one kind of numbers: 32 bits, or four times 32 bits. */
interface Kind {
  readonly constant: (value: number) => Code;
  readonly load: (offset: number) => Code;
  readonly store: (offset: number) => Code;
  readonly and: Code;
  readonly or: Code;
  readonly xor: Code;
  readonly sub: Code;
  readonly add: Code;
  readonly shiftLeft: (bits: number) => Code;
  readonly shiftRight: (bits: number) => Code;
}

const SINGLE: Kind = {
  ...i32,
  constant: i32.const,
  shiftLeft: (bits) => [...i32.const(bits), ...i32.shl],
  shiftRight: (bits) => [...i32.const(bits), ...i32.shrUnsigned],
};

const FOUR: Kind = {
  ...v128,
  constant: (value) => [...i32.const(value), ...i32x4.splat],
  sub: i32x4.sub,
  add: i32x4.add,
  shiftLeft: (bits) => [...i32.const(bits), ...i32x4.shl],
  shiftRight: (bits) => [...i32.const(bits), ...i32x4.shrUnsigned],
};

/** Makes the next words of a generator in their places. Parameter: its address. */
function twist(): WasmFunction {
  const [state, at, end, single, four] = [0, 1, 2, 3, 4];
  /** A word, or four, from themselves, the next one and the one that is mixed in; all at offsets from a local. */
  const step = (
    kind: Kind,
    base: number,
    y: number,
    [own, next, mixed]: readonly number[],
  ): Code => [
    ...get(base),
    ...[...get(base), ...kind.load(own!), ...kind.constant(UPPER), ...kind.and],
    ...[...get(base), ...kind.load(next!), ...kind.constant(LOWER), ...kind.and],
    ...[...kind.or, ...set(y)],
    ...[...get(base), ...kind.load(mixed!), ...get(y), ...kind.shiftRight(1), ...kind.xor],
    ...[...kind.constant(0), ...get(y), ...kind.constant(1), ...kind.and, ...kind.sub],
    ...[...kind.constant(MATRIX), ...kind.and, ...kind.xor, ...kind.store(own!)],
  ];
  const one = (i: number) =>
    step(SINGLE, state, single, [i, (i + 1) % SIZE, (i + SHIFT) % SIZE].map((word) => 4 * word));
  /** Four words at a time, from a local that begins at the generator's address. */
  const loop = (vectors: number, offsets: readonly number[]): Code => [
    ...[...get(state), ...tee(at), ...i32.const(VECTOR * vectors), ...i32.add, ...set(end)],
    ...repeatWhile([
      ...step(FOUR, at, four, offsets),
      ...[...get(at), ...i32.const(VECTOR), ...i32.add, ...tee(at), ...get(end), ...i32.ne],
    ]),
  ];
  const early = SIZE - SHIFT;
  const whole = Math.floor(early / 4);
  const late = 4 * early;
  return {
    parameters: [I32],
    locals: [I32, I32, I32, V128],
    body: [
      ...loop(whole, [0, 4, 4 * SHIFT]),
      ...Array.from({ length: early - 4 * whole }, (_, i) => one(4 * whole + i)).flat(),
      // The word that is mixed in lies before: all offsets are from there.
      ...loop((SHIFT - 1) / 4, [late, late + 4, 0]),
      ...one(SIZE - 1),
    ],
  };
}

/** The outputs of the words in a local. */
function temper(kind: Kind, y: number): Code {
  const { first, second, secondMask, third, thirdMask, last } = TEMPERING;
  const mixed = (shifted: Code) => [...get(y), ...get(y), ...shifted, ...kind.xor, ...set(y)];
  return [
    ...mixed(kind.shiftRight(first)),
    ...mixed([...kind.shiftLeft(second), ...kind.constant(secondMask), ...kind.and]),
    ...mixed([...kind.shiftLeft(third), ...kind.constant(thirdMask), ...kind.and]),
    ...mixed(kind.shiftRight(last)),
  ];
}

function add(twistIndex: number): WasmFunction {
  const [state, target, count, bits, turn] = [0, 1, 2, 3, 4];
  const [used, single, word, four, allBits] = [5, 6, 7, 8, 9];
  const advance = (local: number, by: number) => [
    ...[...get(local), ...i32.const(by), ...i32.add, ...set(local)],
  ];
  /** target ← target ± the outputs in a local. */
  const addTo = (kind: Kind, value: number, wide: (local: number) => Code): Code => [
    ...[...get(target), ...get(target), ...kind.load(0)],
    ...[...get(value), ...wide(turn), ...kind.xor, ...wide(turn), ...kind.sub],
    ...[...kind.add, ...kind.store(0)],
  ];
  const splat = (local: number): Code => [...get(local), ...i32x4.splat];
  const oneWord: Code = [
    ...[...get(word), ...i32.load(0), ...set(single), ...temper(SINGLE, single)],
    ...[...get(single), ...get(bits), ...i32.and, ...tee(single), ...get(bits), ...i32.ne],
    ...ifElse([
      ...addTo(SINGLE, single, get),
      ...[...advance(target, 4), ...advance(count, -1)],
    ]),
    ...advance(used, 4),
  ];
  const fourWords: Code = [
    ...[...get(word), ...v128.load(0), ...set(four), ...temper(FOUR, four)],
    ...[...get(four), ...get(allBits), ...v128.and, ...tee(four), ...get(allBits), ...i32x4.eq],
    ...v128.anyTrue,
    ...ifElse(oneWord, [
      ...addTo(FOUR, four, splat),
      ...[...advance(target, VECTOR), ...advance(count, -4), ...advance(used, VECTOR)],
    ]),
  ];
  return {
    name: "add",
    parameters: [I32, I32, I32, I32, I32],
    locals: [I32, I32, I32, V128, V128],
    body: [
      ...[...get(state), ...i32.load(STATE_BYTES), ...set(used)],
      ...[...splat(bits), ...set(allBits)],
      ...repeatWhile([
        ...[...get(used), ...i32.const(STATE_BYTES), ...i32.eq],
        ...ifElse([...get(state), ...call(twistIndex), ...i32.const(0), ...set(used)]),
        ...[...get(state), ...get(used), ...i32.add, ...set(word)],
        ...[...i32.const(3), ...get(count), ...i32.lessUnsigned],
        ...[...get(used), ...i32.const(STATE_BYTES - VECTOR + 1), ...i32.lessUnsigned, ...i32.and],
        ...ifElse(fourWords, oneWord),
        ...get(count),
      ]),
      ...[...get(state), ...get(used), ...i32.store(STATE_BYTES)],
    ],
  };
}
