import {
  F32,
  f32x4,
  get,
  I32,
  i32,
  i32x4,
  PAGE_BYTES,
  repeatWhile,
  set,
  tee,
  V128,
  v128,
  wasmModule,
} from "../base/wasm.ts";

/** Elements that are quantised at once. */
export const QUANTIZED_BLOCK = PAGE_BYTES / 4;

/** Where things lie in the memory. */
export const QUANTIZE_PLACES = {
  /** float32 elements; integers afterwards. */
  elements: 0,
  /** A random word for each. */
  words: PAGE_BYTES,
  /** Four integers: how many elements of each lane were clipped. */
  clipped: 2 * PAGE_BYTES,
  /** Four integers: −1 where an element of a lane was not finite. */
  odd: 2 * PAGE_BYTES + 16,
} as const;

/** What the module exports. */
export interface QuantizeProgram {
  readonly memory: WebAssembly.Memory;
  /** Quantises elements in their places. @param count a multiple of 4 */
  quantize(count: number, scale: number, limit: number, quantizer: number): void;
}

/** Quantises four elements in a step; the upper 24 bits of a random word decide what is rounded up. */
export function quantizeProgram(): QuantizeProgram {
  const [end, scale, limit, quantizer, at] = [0, 1, 2, 3, 4];
  const [value, up, exact, clipped, odd] = [5, 6, 7, 8, 9];
  const most = [...get(limit), ...f32x4.splat];
  const module = wasmModule([{
    name: "quantize",
    parameters: [I32, F32, F32, F32],
    locals: [I32, V128, V128, V128, V128, V128],
    body: [
      ...[...get(end), ...i32.const(4), ...i32.mul, ...set(end)],
      ...repeatWhile([
        ...[
          ...get(at),
          ...v128.load(0),
          ...get(scale),
          ...f32x4.splat,
          ...f32x4.mul,
          ...set(value),
        ],
        // Not a number, or infinite: not below the largest number.
        ...[...get(odd), ...i32.const(0x7f800000), ...i32x4.splat],
        ...[...get(value), ...f32x4.abs, ...f32x4.greater, ...v128.not, ...v128.or, ...set(odd)],
        ...[...get(clipped), ...get(value), ...f32x4.abs, ...most, ...f32x4.greater],
        ...[...i32x4.sub, ...set(clipped)],
        ...[...get(value), ...most, ...f32x4.min],
        ...[...i32.const(0), ...i32x4.splat, ...most, ...f32x4.sub, ...f32x4.max],
        ...[...most, ...f32x4.add, ...get(quantizer), ...f32x4.splat, ...f32x4.mul, ...tee(exact)],
        ...[...f32x4.ceil, ...set(up)],
        ...get(at),
        ...[...get(up), ...f32x4.toSigned],
        ...[...get(at), ...v128.load(QUANTIZE_PLACES.words), ...i32.const(8), ...i32x4.shrUnsigned],
        // 2⁻²⁴ as the bits of a float32.
        ...[...f32x4.fromUnsigned, ...i32.const(0x33800000), ...i32x4.splat, ...f32x4.mul],
        ...[...get(up), ...get(exact), ...f32x4.sub, ...f32x4.less, ...i32x4.add, ...v128.store(0)],
        ...[...get(at), ...i32.const(16), ...i32.add, ...tee(at), ...get(end), ...i32.ne],
      ]),
      ...[...i32.const(0), ...get(clipped), ...v128.store(QUANTIZE_PLACES.clipped)],
      ...[...i32.const(0), ...get(odd), ...v128.store(QUANTIZE_PLACES.odd)],
    ],
  }], 3);
  return new WebAssembly.Instance(module).exports as unknown as QuantizeProgram;
}
