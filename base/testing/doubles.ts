import fc from "fast-check";

/**
 * Any double but denormal ones. Where ONNX Runtime has opened a model in the same process, a test's thread may take these
 * for zeros (`ml/session/flush_denormals.ts`).
 */
export const doubles: fc.Arbitrary<number> = fc.double().filter((value) => {
  // By its bits: in such a thread a comparison would find it equal to zero.
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]! & 0x7fffffffffffffffn;
  return bits === 0n || bits >= 0x0010000000000000n;
});
