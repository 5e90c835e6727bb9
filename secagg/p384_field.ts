import {
  call,
  type Code,
  get,
  I32,
  i32,
  i32x4,
  i64Const,
  i64x2,
  lowerHalves,
  repeatWhile,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
} from "../base/wasm.ts";

/**
 * Arithmetic modulo p = 2³⁸⁴ − 2¹²⁸ − 2⁹⁶ + 2³² − 1, in WebAssembly, on two elements at a time: those of two key agreements
 * with one private key, which take the same steps.
 *
 * An element has 14 limbs of 28 bits: x = Σ limbᵢ · 2²⁸ⁱ. In memory, a limb's two values lie next to each other, as 32-bit
 * integers. Limbs are signed, and a value may be negative or above p, so that sums and differences need no carry. Products
 * are Montgomery's, with R = 2³⁹²: p is −1 modulo 2²⁸, so that the quotient's digits are the lowest limb itself, and adding
 * the multiple of p takes shifts alone.
 *
 * Bounds: let a product's factors have values of at most 12p, and limbs below 2²⁹. Then 14 products of limbs stay below
 * 2⁶², and the result is between −p and 2p, with limbs from 0 to 2²⁸ − 1 but for the highest. No step depends on the values.
 */

/** Limbs of an element. */
export const LIMBS = 14;
/** Bits of a limb. */
export const LIMB_BITS = 28;
/** Elements that are computed at once. */
export const LANES = 2;
/** Bytes of a limb's values. */
const LIMB_BYTES = 4 * LANES;
/** Bytes of the elements in memory. */
export const ELEMENT_BYTES = LIMBS * LIMB_BYTES;

const MASK = 2n ** BigInt(LIMB_BITS) - 1n;
/**
 * SIMD has no fast arithmetic shift of 64 bits, so 2⁶² is added to each column, and taken off as 2³⁴ of the next: what
 * remains of it is above a limb's 32 bits.
 */
const FIRST_BIAS = 2n ** 62n;
const NEXT_BIAS = FIRST_BIAS - 2n ** BigInt(62 - LIMB_BITS);

/** p in terms of limbs: 2³⁸⁴ is 2²⁰ of limb 13, 2¹²⁸ is 2¹⁶ of limb 4, and so on. The −1 is taken off by the carry. */
const MULTIPLE_OF_P = [
  { limbs: 1, shift: 4, op: i64x2.add },
  { limbs: 3, shift: 12, op: i64x2.sub },
  { limbs: 4, shift: 16, op: i64x2.sub },
  { limbs: 13, shift: 20, op: i64x2.add },
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
    locals: Array(3 * LIMBS + 3).fill(V128),
    body: [
      ...loadLimbs(FIRST, a),
      ...loadLimbs(SECOND, b),
      ...reduceColumns(ADDRESSES + 2 * LIMBS, (column) => {
        const products: Code[] = [];
        for (let i = Math.max(0, column - LIMBS + 1); i <= Math.min(column, LIMBS - 1); i++) {
          products.push(addProduct(a(i), b(column - i)));
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
    ...[...get(a(i)), ...get(a(i)), ...i32x4.add, ...set(twice(i))],
  ]);
  return {
    parameters: [I32, I32, I32],
    locals: Array(3 * LIMBS + 3).fill(V128),
    body: [
      ...loadLimbs(FIRST, a),
      ...doubled.flat(),
      ...reduceColumns(ADDRESSES + 2 * LIMBS, (column) => {
        const products: Code[] = [];
        for (let i = Math.max(0, column - LIMBS + 1); 2 * i < column; i++) {
          products.push(addProduct(a(i), twice(column - i)));
        }
        if (column % 2 === 0) products.push(addProduct(a(column / 2), a(column / 2)));
        return products.flat();
      }),
    ],
  };
}

function loadLimbs(address: number, local: (i: number) => number): Code {
  return Array.from(
    { length: LIMBS },
    (_, i) => [...get(address), ...v128.load64Zero(LIMB_BYTES * i), ...set(local(i))],
  ).flat();
}

function addProduct(a: number, b: number): Code {
  return [...get(a), ...get(b), ...i64x2.productOfLowSigned, ...i64x2.add];
}

/** Montgomery's reduction, column by column. @param products adds a column's products to what is on the stack */
function reduceColumns(firstDigit: number, products: (column: number) => Code): Code {
  const digit = (i: number) => firstDigit + i;
  const [carry, mask, bias] = [firstDigit + LIMBS, firstDigit + LIMBS + 1, firstDigit + LIMBS + 2];
  const code: Code[] = [
    [...i64Const(MASK), ...i64x2.splat, ...set(mask)],
    [...i64Const(NEXT_BIAS), ...i64x2.splat, ...set(bias)],
    [...i64Const(FIRST_BIAS), ...i64x2.splat],
  ];
  for (let column = 0; column < 2 * LIMBS; column++) {
    code.push(column < 2 * LIMBS - 1 ? products(column) : []);
    for (const { limbs, shift, op } of MULTIPLE_OF_P) {
      const from = column - limbs;
      if (from < 0 || from >= LIMBS) continue;
      code.push([...get(digit(from)), ...i32.const(shift), ...i64x2.shl, ...op]);
    }
    // A digit's place is free for a result when the last column in which it counts, 13 after its own, has passed.
    const place = digit(column % LIMBS);
    if (column === 2 * LIMBS - 1) {
      code.push(set(place));
      break;
    }
    code.push([...tee(carry), ...get(mask), ...v128.and, ...set(place)]);
    code.push([...get(carry), ...i32.const(LIMB_BITS), ...i64x2.shrUnsigned]);
    code.push([...get(bias), ...i64x2.add]);
  }
  for (let i = 0; i < LIMBS; i += 2) {
    code.push([...get(OUT), ...get(digit(i)), ...get(digit(i + 1)), ...lowerHalves]);
    code.push(v128.store(LIMB_BYTES * i));
  }
  return code.flat();
}

/** A term of {@link combine}: the element at an address, times a factor. */
export interface Term {
  readonly address: number;
  readonly factor: 1 | -1 | -2 | 3 | 4 | -8;
}

/** out ← Σ factor · element, with its carries. No parameters: the addresses are fixed. */
export function combine(out: number, terms: readonly Term[]): WasmFunction {
  const [term, carry, even] = [0, 1, 2];
  const code: Code[] = [];
  for (let i = 0; i < LIMBS; i++) {
    code.push(
      i === 0
        ? [...i64Const(FIRST_BIAS), ...i64x2.splat]
        : [...get(carry), ...i64Const(NEXT_BIAS), ...i64x2.splat, ...i64x2.add],
    );
    for (const { address, factor } of terms) {
      code.push([...i32.const(address), ...v128.load64Zero(LIMB_BYTES * i)]);
      code.push([...i64x2.fromLowSigned, ...set(term)]);
      const op = factor < 0 ? i64x2.sub : i64x2.add;
      const amount = Math.abs(factor);
      for (let bit = 0; 2 ** bit <= amount; bit++) {
        if ((amount >> bit) % 2 === 0) continue;
        code.push([...get(term), ...i32.const(bit), ...i64x2.shl, ...op]);
      }
    }
    code.push(set(carry));
    const limb = i === LIMBS - 1
      ? get(carry)
      : [...get(carry), ...i64Const(MASK), ...i64x2.splat, ...v128.and];
    if (i % 2 === 0) code.push([...limb, ...set(even)]);
    else {
      code.push([...i32.const(out), ...get(even), ...limb, ...lowerHalves]);
      code.push(v128.store(LIMB_BYTES * (i - 1)));
    }
    if (i < LIMBS - 1) {
      code.push([...get(carry), ...i32.const(LIMB_BITS), ...i64x2.shrUnsigned, ...set(carry)]);
    }
  }
  return { parameters: [], locals: [V128, V128, V128], body: code.flat() };
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
