import {
  call,
  type Code,
  get,
  I32,
  i32,
  i32x4,
  repeatWhile,
  set,
  V128,
  v128,
  type WasmFunction,
  wasmModule,
} from "../base/wasm.ts";
import {
  addOrSubtract,
  combine,
  ELEMENT_BYTES,
  multiply,
  select,
  square,
  squareTimes,
  type Term,
} from "./p384_field.ts";

/** Bits of a digit of the scalar. */
export const DIGIT_BITS = 5;
/** Digits of a scalar of 384 bits. */
export const DIGITS = Math.ceil(384 / DIGIT_BITS);
/** Odd multiples of the point in the table: 1, 3, … 31. */
const ENTRIES = 2 ** (DIGIT_BITS - 1);
/** Elements of an entry: X, Y, Z, Z², Z³. */
const ENTRY_BYTES = 5 * ELEMENT_BYTES;

const slot = (place: number) => place * ELEMENT_BYTES;

/** Addresses in the module's memory. */
export const PLACES = {
  /** The points, as Jacobian coordinates x = X / Z², y = Y / Z³: the argument and the result. */
  x: slot(0),
  y: slot(1),
  z: slot(2),
  /** For the caller. */
  scratch: Array.from({ length: 8 }, (_, i) => slot(3 + i)),
  /** For each digit, from the lowest, half of its amount, rounded down. */
  digits: slot(60),
  /** For each digit 0 or −1: whether it is negative. */
  signs: slot(62),
} as const;

const T = Array.from({ length: 16 }, (_, i) => slot(11 + i));
/** The entry that is added: X, Y, Z, Z², Z³. */
const Q = Array.from({ length: 5 }, (_, i) => slot(27 + i));
const TABLE = slot(64);

/** What the module exports. */
export interface P384Program {
  readonly memory: WebAssembly.Memory;
  /** out ← a · b / 2³⁹². Parameters are addresses. */
  multiply(out: number, a: number, b: number): void;
  /** Squares n times, from 1; each divides by 2³⁹², too. */
  squareTimes(out: number, a: number, n: number): void;
  /** Multiplies the points at {@link PLACES} by the number of the digits. Z is that of 1 before. */
  multiplyPoint(): void;
}

/**
 * Two points of P-384 times one secret number, by windows of five bits with odd digits: 380 doublings and 76 additions whatever
 * the number, and whole scans of the table. Doubling: "dbl-2001-b", addition: "add-2007-bl" of the Explicit-Formulas
 * Database (Bernstein, Lange), for y² = x³ − 3x + b in Jacobian coordinates.
 *
 * The formula of addition is wrong for equal and opposite points. Before the last digit, the sum so far is a multiple of 32
 * below the order, and what is added is at most 31 times the point, so they differ. With the last digit they can be equal
 * only for numbers within 63 of the order: Z is 0 then, and the caller sees it. No generator draws such numbers.
 */
export function p384Program(): P384Program {
  const functions: WasmFunction[] = [];
  const define = (made: WasmFunction) => functions.push(made) - 1;
  const mulIndex = define({ ...multiply(), name: "multiply" });
  const sqrIndex = define(square());
  define(squareTimes(sqrIndex));
  const mul = (out: number, a: number, b: number): Code => [
    ...[...i32.const(out), ...i32.const(a), ...i32.const(b), ...call(mulIndex)],
  ];
  const sqr = (out: number, a: number): Code => [
    ...[...i32.const(out), ...i32.const(a), ...i32.const(0), ...call(sqrIndex)],
  ];
  const sum = (out: number, ...terms: [factor: Term["factor"], address: number][]): Code =>
    call(define(combine(out, terms.map(([factor, address]): Term => ({ factor, address })))));
  const add = (out: number, a: number, b: number) => addOrSubtract(out, a, b, "add");
  const sub = (out: number, a: number, b: number) => addOrSubtract(out, a, b, "sub");
  const { x, y, z } = PLACES;

  const doubling = define({
    ...{ parameters: [], locals: [] },
    body: [
      ...sqr(T[0]!, z), // δ
      ...sqr(T[1]!, y), // γ
      ...mul(T[2]!, x, T[1]!), // β
      ...[...sub(T[3]!, x, T[0]!), ...add(T[4]!, x, T[0]!), ...mul(T[5]!, T[3]!, T[4]!)],
      ...sum(T[6]!, [3, T[5]!]), // α
      ...[...add(T[7]!, y, z), ...sqr(T[8]!, T[7]!)],
      ...sum(z, [1, T[8]!], [-1, T[1]!], [-1, T[0]!]),
      ...[...sqr(T[9]!, T[6]!), ...sum(x, [1, T[9]!], [-8, T[2]!])],
      ...[...sum(T[10]!, [4, T[2]!], [-1, x]), ...mul(T[11]!, T[6]!, T[10]!)],
      ...[...sqr(T[12]!, T[1]!), ...sum(y, [1, T[11]!], [-8, T[12]!])],
    ],
  });
  const addition = define({
    ...{ parameters: [], locals: [] },
    body: [
      ...sqr(T[0]!, z),
      ...[...mul(T[1]!, x, Q[3]!), ...mul(T[2]!, Q[0]!, T[0]!)], // U1, U2
      ...[...mul(T[3]!, y, Q[4]!), ...mul(T[4]!, z, T[0]!), ...mul(T[5]!, Q[1]!, T[4]!)], // S1, S2
      ...[...sub(T[6]!, T[2]!, T[1]!), ...sub(T[7]!, T[5]!, T[3]!)], // H, r
      ...[...sqr(T[8]!, T[6]!), ...mul(T[9]!, T[6]!, T[8]!)], // H², H³
      ...[...mul(T[10]!, T[1]!, T[8]!), ...sqr(T[11]!, T[7]!)], // V, r²
      ...sum(x, [1, T[11]!], [-1, T[9]!], [-2, T[10]!]),
      ...[...sub(T[12]!, T[10]!, x), ...mul(T[13]!, T[7]!, T[12]!), ...mul(T[14]!, T[3]!, T[9]!)],
      ...sum(y, [1, T[13]!], [-1, T[14]!]),
      ...[...mul(T[15]!, z, Q[2]!), ...mul(z, T[15]!, T[6]!)],
    ],
  });
  const pick = define(select(Q[0]!, ENTRIES, ENTRY_BYTES));
  // Sets the point into the table, at the address that is its parameter, with Z² and Z³.
  const keep = define({
    ...{ parameters: [I32], locals: [] },
    body: [
      ...copy((i) => [...get(0), ...source(i, x)], 3),
      ...[...get(0), ...i32.const(3 * ELEMENT_BYTES), ...i32.add],
      ...[...i32.const(z), ...i32.const(0), ...call(sqrIndex)],
      ...[...get(0), ...i32.const(4 * ELEMENT_BYTES), ...i32.add],
      ...[...get(0), ...i32.const(3 * ELEMENT_BYTES), ...i32.add],
      ...[...i32.const(z), ...call(mulIndex)],
    ],
  });
  const fromTable = copy((i) => [...i32.const(x), ...source(i, TABLE)], 3);
  const fromPicked = copy((i) => [...i32.const(x), ...source(i, Q[0]!)], 3);

  const index = 0;
  const sign = 1;
  const loadDigit: Code = [
    ...[...i32.const(TABLE), ...get(index), ...i32.load8Signed(PLACES.digits), ...call(pick)],
  ];
  define({
    name: "multiplyPoint",
    parameters: [],
    locals: [I32, V128],
    body: [
      ...[...i32.const(TABLE), ...call(keep)],
      // Twice the point becomes what is added to each multiple to make the next one.
      ...[...call(doubling), ...i32.const(Q[0]!), ...call(keep), ...fromTable],
      ...Array.from({ length: ENTRIES - 1 }, (_, i) => [
        ...[...call(addition), ...i32.const(TABLE + (i + 1) * ENTRY_BYTES), ...call(keep)],
      ]).flat(),
      ...[...i32.const(DIGITS - 1), ...set(index)],
      ...[...loadDigit, ...fromPicked],
      ...repeatWhile([
        ...[...get(index), ...i32.const(1), ...i32.sub, ...set(index)],
        ...Array.from({ length: DIGIT_BITS }, () => call(doubling)).flat(),
        ...loadDigit,
        ...[...get(index), ...i32.load8Signed(PLACES.signs), ...i32x4.splat, ...set(sign)],
        ...negateIf(Q[1]!, sign),
        ...call(addition),
        ...get(index),
      ]),
    ],
  });
  const instance = new WebAssembly.Instance(wasmModule(functions, 1));
  return instance.exports as unknown as P384Program;
}

/** Copies elements, vector by vector. @param sides pushes the target's address and the source's vector */
function copy(sides: (vector: number) => Code, elements: number): Code {
  return Array.from(
    { length: elements * ELEMENT_BYTES / 16 },
    (_, i) => [...sides(i), ...v128.store(16 * i)],
  ).flat();
}

function source(vector: number, address: number): Code {
  return [...i32.const(address), ...v128.load(16 * vector)];
}

/** Changes the sign of an element's limbs, where a local is −1 in all lanes, and not where it is 0. */
function negateIf(address: number, sign: number): Code {
  return Array.from({ length: ELEMENT_BYTES / 16 }, (_, i) => [
    ...[...i32.const(address), ...i32.const(address), ...v128.load(16 * i)],
    ...[...get(sign), ...v128.xor, ...get(sign), ...i32x4.sub, ...v128.store(16 * i)],
  ]).flat();
}
