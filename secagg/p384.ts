import { lazy } from "../base/lazy.ts";
import { DIGIT_BITS, DIGITS, type P384Program, p384Program, PLACES } from "./p384_ladder.ts";
import { LANES, LIMB_BITS, LIMBS } from "./p384_field.ts";

// NIST SP 800-186, 3.2.1.4: y² = x³ − 3x + b modulo p.
const P = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
const B =
  0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn;
/** The order of the curve: all its points are multiples of one. */
const N =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;

/** Bytes of a coordinate, of a private key and of a shared secret. */
export const COORDINATE_BYTES = 48;
/** Bytes of an uncompressed point: 4, x, y. */
export const POINT_BYTES = 1 + 2 * COORDINATE_BYTES;

/** The point that public keys are multiples of, uncompressed. */
export const P384_GENERATOR: Uint8Array = Uint8Array.fromHex(
  "04" +
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7" +
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
);

const WORDS = COORDINATE_BYTES / 4;
const N_WORDS = Uint32Array.from(
  { length: WORDS },
  (_, i) => Number(N >> BigInt(32 * i) & 0xffffffffn),
);

/** The square of Montgomery's R, 2³⁹², which makes an element of a number. */
const MONTGOMERY_SQUARE = 2n ** BigInt(2 * LIMBS * LIMB_BITS) % P;

/** Its memory is all zeros between two calls. */
const program = lazy(p384Program);

/** Whether bytes are a point of the curve, uncompressed, and not the one at infinity. */
export function isP384Point(point: Uint8Array): boolean {
  return coordinates(point) !== undefined;
}

/**
 * The secrets of key agreements: the x coordinates of the private key times the peers' points (ECDH, SEC 1, 3.3.1). Several
 * at once take a quarter of the time of Deno's own. Neither time nor memory accesses depend on the private key.
 *
 * @param privateKey 48 bytes, big endian
 * @param points the peers' public keys, uncompressed: 97 bytes each
 * @returns 48 bytes for each, big endian
 * @throws Error when the private key is not below the order or is within 63 of 0 or the order, where the formulas have
 *   exceptions, or a point is not on the curve
 */
export function agreeP384(
  privateKey: Uint8Array,
  points: readonly Uint8Array[],
): Uint8Array<ArrayBuffer>[] {
  const found = points.map((point) => {
    const place = coordinates(point);
    if (place === undefined) throw new Error("not a point of P-384");
    return place;
  });
  const { memory, multiply, multiplyPoint } = program();
  const secrets: Uint8Array<ArrayBuffer>[] = [];
  try {
    writeDigits(privateKey, memory);
    for (let at = 0; at < found.length; at += LANES) {
      const first = found[at]!;
      const pair = [first, found[at + 1] ?? first];
      const square = PLACES.scratch[0]!;
      write(memory, square, pair.map(() => MONTGOMERY_SQUARE));
      write(memory, PLACES.x, pair.map(({ x }) => x));
      write(memory, PLACES.y, pair.map(({ y }) => y));
      write(memory, PLACES.z, pair.map(() => 1n));
      for (const address of [PLACES.x, PLACES.y, PLACES.z]) multiply(address, address, square);
      multiplyPoint();
      secrets.push(...affineX(program()).slice(0, found.length - at));
    }
  } finally {
    new Uint8Array(memory.buffer).fill(0);
  }
  return secrets;
}

/** X / Z². @throws Error when Z is 0 */
function affineX({ memory, multiply, squareTimes }: P384Program): Uint8Array<ArrayBuffer>[] {
  const { x, z, scratch } = PLACES;
  const [squared, x2, x3, x15, x30, all] = scratch as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Z^(p − 2), where xₙ is Z^(2ⁿ − 1). In binary p − 2 is 255 ones, a zero, 32 ones, 64 zeros, 30 ones, a zero, a one.
  const join = (out: number, high: number, lowBits: number, low: number) => {
    squareTimes(squared, high, lowBits);
    multiply(out, squared, low);
  };
  join(x2, z, 1, z);
  join(x3, x2, 1, z);
  join(all, x3, 3, x3); // x6
  join(all, all, 6, all); // x12
  join(x15, all, 3, x3);
  join(x30, x15, 15, x15);
  join(all, x30, 30, x30); // x60
  join(all, all, 60, all); // x120
  join(all, all, 120, all); // x240
  join(all, all, 15, x15); // x255
  join(all, all, 31, x30);
  join(all, all, 2, x2);
  join(all, all, 94, x30);
  join(all, all, 2, z);
  squareTimes(all, all, 1);
  multiply(x, x, all);
  write(memory, squared, [1n, 1n]);
  multiply(x, x, squared);
  return [0, 1].map((lane) => {
    const bytes = read(memory, x, lane);
    if (bytes.every((byte) => byte === 0)) throw new Error("the private key is out of range");
    return bytes;
  });
}

/** The digits of the key, or of the order minus the key, which is odd then and has the same x. */
function writeDigits(privateKey: Uint8Array, memory: WebAssembly.Memory): void {
  if (privateKey.length !== COORDINATE_BYTES) throw new Error("the private key has another length");
  const view = new DataView(privateKey.buffer, privateKey.byteOffset, COORDINATE_BYTES);
  const words = new Uint32Array(WORDS + 1);
  const others = new Uint32Array(WORDS + 1);
  let [borrow, any] = [0, 0];
  for (let i = 0; i < WORDS; i++) {
    words[i] = view.getUint32(COORDINATE_BYTES - 4 * (i + 1));
    const difference = N_WORDS[i]! - words[i]! - borrow;
    others[i] = difference;
    borrow = difference < 0 ? 1 : 0;
    any |= words[i]!;
  }
  if (borrow === 1 || any === 0 || others.every((word) => word === 0)) {
    throw new Error("the private key is out of range");
  }
  const odd = -(words[0]! & 1);
  for (let i = 0; i < WORDS; i++) words[i] = (words[i]! & odd) | (others[i]! & ~odd);
  const places = new Int8Array(memory.buffer, PLACES.digits, DIGITS);
  const signs = new Int8Array(memory.buffer, PLACES.signs, DIGITS);
  for (let i = 0; i < DIGITS; i++) {
    const [word, shift] = [(i * DIGIT_BITS) >>> 5, (i * DIGIT_BITS) & 31];
    // `<< 1 <<` because a shift by 32 is none.
    const bits = (words[word]! >>> shift) | (words[word + 1]! << 1 << (31 - shift));
    // Odd digits: bit 5, which is the lowest of the next digit, decides the sign, and is 1 from then on.
    const isLast = i === DIGITS - 1;
    const digit = isLast ? bits & 31 | 1 : (bits & 63 | 1) - 32;
    const sign = digit >> 31;
    signs[i] = sign;
    places[i] = ((digit ^ sign) - sign) >> 1;
  }
  words.fill(0);
  others.fill(0);
}

/** The coordinates of a point; undefined when it is malformed or not on the curve. Points are public. */
function coordinates(point: Uint8Array): { x: bigint; y: bigint } | undefined {
  if (point.length !== POINT_BYTES || point[0] !== 4) return undefined;
  const x = BigInt(`0x${point.subarray(1, 1 + COORDINATE_BYTES).toHex()}`);
  const y = BigInt(`0x${point.subarray(1 + COORDINATE_BYTES).toHex()}`);
  const isOnCurve = x < P && y < P && (y * y - (x * x - 3n) * x - B) % P === 0n;
  return isOnCurve ? { x, y } : undefined;
}

/** Writes public numbers as limbs, one for each lane. */
function write(memory: WebAssembly.Memory, address: number, values: readonly bigint[]): void {
  const limbs = new Int32Array(memory.buffer, address, LANES * LIMBS);
  values.forEach((value, lane) => {
    for (let i = 0; i < LIMBS; i++) {
      limbs[LANES * i + lane] = Number(BigInt.asUintN(LIMB_BITS, value >> BigInt(LIMB_BITS * i)));
    }
  });
}

/** The number of a lane's limbs, which are all from 0 to 2²⁸ − 1, in big-endian bytes. */
function read(
  memory: WebAssembly.Memory,
  address: number,
  lane: number,
): Uint8Array<ArrayBuffer> {
  const limbs = new Int32Array(memory.buffer, address, LANES * LIMBS);
  const bytes = new Uint8Array(COORDINATE_BYTES + 1);
  for (let pair = 0; pair < LIMBS / 2; pair++) {
    const [low, high] = [limbs[LANES * 2 * pair + lane]!, limbs[LANES * (2 * pair + 1) + lane]!];
    const seven = [
      low,
      low >> 8,
      low >> 16,
      low >> 24 | high << 4,
      high >> 4,
      high >> 12,
      high >> 20,
    ];
    seven.forEach((byte, i) => bytes[COORDINATE_BYTES - 7 * pair - i] = byte);
  }
  return bytes.slice(1);
}
