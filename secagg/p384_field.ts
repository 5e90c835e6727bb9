import {
  call,
  type Code,
  get,
  I32,
  i32,
  i32x4,
  I64,
  i64,
  repeatWhile,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
} from "../base/wasm.ts";

/**
 * Arithmetic modulo p = 2³⁸⁴ − 2¹²⁸ − 2⁹⁶ + 2³² − 1, in WebAssembly.
 *
 * An element has 14 limbs of 28 bits in 16 words of 32 bits: x = Σ limbᵢ · 2²⁸ⁱ. Limbs are signed, and a value may be
 * negative or above p, so that sums and differences need no carry. Products are Montgomery's, with R = 2³⁹²: p is −1
 * modulo 2²⁸, so that the quotient's digits are the lowest limb itself, and adding the multiple of p takes shifts alone.
 *
 * Bounds: let a product's factors have values of at most 12p, and limbs of which 14 products stay below 2⁶³: one factor's
 * limbs are below 2²⁹ and the other's below 2³⁰·⁵, for example. Then the product is between −p and 2p, with limbs from 0 to
 * 2²⁸ − 1 but for the highest. No step depends on the values.
 */

/** Limbs of an element. */
export const LIMBS = 14;
/** Bits of a limb. */
export const LIMB_BITS = 28;
/** Bytes of an element in memory. */
export const ELEMENT_BYTES = 64;

const MASK = 2 ** LIMB_BITS - 1;

/** p in terms of limbs: 2³⁸⁴ is 2²⁰ of limb 13, 2¹²⁸ is 2¹⁶ of limb 4, and so on. The −1 is taken off by the carry. */
const MULTIPLE_OF_P = [
  { limbs: 1, shift: 4, op: i64.add },
  { limbs: 3, shift: 12, op: i64.sub },
  { limbs: 4, shift: 16, op: i64.sub },
  { limbs: 13, shift: 20, op: i64.add },
];

// Locals of a product: its three addresses, then the limbs.
const [OUT, FIRST, SECOND] = [0, 1, 2];
const ADDRESSES = 3;

/** out ← a · b / R. Parameters: the addresses of out, a and b; out may be one of them. */
export function multiply(): WasmFunction {
  const a = (i: number) => ADDRESSES + i;
  const b = (i: number) => ADDRESSES + LIMBS + i;
  return {
    parameters: [I32, I32, I32],
    locals: Array(3 * LIMBS + 1).fill(I64),
    body: [
      ...loadLimbs(FIRST, a),
      ...loadLimbs(SECOND, b),
      ...reduceColumns(ADDRESSES + 2 * LIMBS, (column) => {
        const products: Code[] = [];
        for (let i = Math.max(0, column - LIMBS + 1); i <= Math.min(column, LIMBS - 1); i++) {
          products.push([...get(a(i)), ...get(b(column - i)), ...i64.mul, ...i64.add]);
        }
        return products.flat();
      }),
    ],
  };
}

/** out ← a² / R. Parameters: the addresses of out and a, and one that is not used. */
export function square(): WasmFunction {
  const a = (i: number) => ADDRESSES + i;
  const twice = (i: number) => ADDRESSES + LIMBS + i;
  const doubled = Array.from({ length: LIMBS }, (_, i) => [
    ...[...get(a(i)), ...i64.const(1), ...i64.shl, ...set(twice(i))],
  ]);
  return {
    parameters: [I32, I32, I32],
    locals: Array(3 * LIMBS + 1).fill(I64),
    body: [
      ...loadLimbs(FIRST, a),
      ...doubled.flat(),
      ...reduceColumns(ADDRESSES + 2 * LIMBS, (column) => {
        const products: Code[] = [];
        for (let i = Math.max(0, column - LIMBS + 1); 2 * i < column; i++) {
          products.push([...get(a(i)), ...get(twice(column - i)), ...i64.mul, ...i64.add]);
        }
        if (column % 2 === 0) {
          products.push([...get(a(column / 2)), ...get(a(column / 2)), ...i64.mul, ...i64.add]);
        }
        return products.flat();
      }),
    ],
  };
}

function loadLimbs(address: number, local: (i: number) => number): Code {
  return Array.from(
    { length: LIMBS },
    (_, i) => [...get(address), ...i64.load32Signed(4 * i), ...set(local(i))],
  ).flat();
}

/** Montgomery's reduction, column by column. @param products adds a column's products to what is on the stack */
function reduceColumns(firstDigit: number, products: (column: number) => Code): Code {
  const digit = (i: number) => firstDigit + i;
  const carry = firstDigit + LIMBS;
  const code: Code[] = [i64.const(0)];
  for (let column = 0; column < 2 * LIMBS; column++) {
    code.push(column < 2 * LIMBS - 1 ? products(column) : []);
    for (const { limbs, shift, op } of MULTIPLE_OF_P) {
      const from = column - limbs;
      if (from < 0 || from >= LIMBS) continue;
      code.push([...get(digit(from)), ...i64.const(shift), ...i64.shl, ...op]);
    }
    code.push(tee(carry));
    if (column < LIMBS) {
      code.push([...i64.const(MASK), ...i64.and, ...set(digit(column))]);
    } else if (column < 2 * LIMBS - 1) {
      const result = digit(column - LIMBS);
      // The digit is no longer needed where the last column that it counts in has passed, 13 after its own.
      code.push([...i64.const(MASK), ...i64.and, ...set(result)]);
    } else {
      code.push(set(digit(LIMBS - 1)));
      break;
    }
    code.push([...get(carry), ...i64.const(LIMB_BITS), ...i64.shrSigned]);
  }
  for (let i = 0; i < LIMBS; i++) {
    code.push([...get(OUT), ...get(digit(i)), ...i64.store32(4 * i)]);
  }
  return code.flat();
}

/** A term of {@link combine}: an element at an address, times a small whole number. */
export interface Term {
  readonly address: number;
  readonly factor: number;
}

/** out ← Σ factor · element, with its carries. No parameters: the addresses are fixed. */
export function combine(out: number, terms: readonly Term[]): WasmFunction {
  const carry = 0;
  const code: Code[] = [];
  for (let i = 0; i < LIMBS; i++) {
    code.push(i === 0 ? i64.const(0) : get(carry));
    for (const { address, factor } of terms) {
      code.push([...i32.const(address), ...i64.load32Signed(4 * i)]);
      if (Math.abs(factor) !== 1) code.push([...i64.const(Math.abs(factor)), ...i64.mul]);
      code.push(factor < 0 ? i64.sub : i64.add);
    }
    code.push(set(carry));
    code.push([...i32.const(out), ...get(carry)]);
    if (i < LIMBS - 1) code.push([...i64.const(MASK), ...i64.and]);
    code.push(i64.store32(4 * i));
    if (i < LIMBS - 1) {
      code.push([...get(carry), ...i64.const(LIMB_BITS), ...i64.shrSigned, ...set(carry)]);
    }
  }
  return { parameters: [], locals: [I64], body: code.flat() };
}

/** Instructions for out ← a ± b, without carries. */
export function addOrSubtract(out: number, a: number, b: number, op: "add" | "sub"): Code {
  return Array.from({ length: ELEMENT_BYTES / 16 }, (_, i) => [
    ...i32.const(out),
    ...[...i32.const(a), ...v128.load(16 * i), ...i32.const(b), ...v128.load(16 * i)],
    ...[...i32x4[op], ...v128.store(16 * i)],
  ]).flat();
}

/** out ← a^(2ⁿ) · … : squares n times. Parameters: the addresses of out and a, and n, from 1. */
export function squareTimes(squareIndex: number): WasmFunction {
  const count = 2;
  return {
    name: "squareTimes",
    parameters: [I32, I32, I32],
    locals: [],
    body: repeatWhile([
      ...[...get(OUT), ...get(FIRST), ...i32.const(0), ...call(squareIndex)],
      ...[...get(OUT), ...set(FIRST)],
      ...[...get(count), ...i32.const(1), ...i32.sub, ...tee(count)],
    ]),
  };
}

/**
 * Copies an entry of a table, reading all of them, so that neither time nor memory accesses tell which.
 *
 * Parameters: the address of the table, and the entry's place.
 *
 * @param out where the entry is copied to
 */
export function select(out: number, entries: number, entryBytes: number): WasmFunction {
  const [table, place, at, mask] = [0, 1, 2, 3];
  const vectors = entryBytes / 16;
  const chosen = (i: number) => 4 + i;
  return {
    parameters: [I32, I32],
    locals: [I32, V128, ...Array(vectors).fill(V128)],
    body: [
      ...repeatWhile([
        ...[...get(at), ...get(place), ...i32.eq, ...i32x4.splat, ...set(mask)],
        ...[...i32.const(0), ...i32x4.splat, ...get(mask), ...i32x4.sub, ...set(mask)],
        ...Array.from({ length: vectors }, (_, i) => [
          ...[...get(table), ...v128.load(16 * i), ...get(mask), ...v128.and],
          ...[...get(chosen(i)), ...v128.or, ...set(chosen(i))],
        ]).flat(),
        ...[...get(table), ...i32.const(entryBytes), ...i32.add, ...set(table)],
        ...[...get(at), ...i32.const(1), ...i32.add, ...tee(at), ...i32.const(entries), ...i32.ne],
      ]),
      ...Array.from({ length: vectors }, (_, i) => [
        ...[...i32.const(out), ...get(chosen(i)), ...v128.store(16 * i)],
      ]).flat(),
    ],
  };
}
