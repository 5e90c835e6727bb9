import fc from "fast-check";

/**
 * Any double that is not denormal. If ONNX Runtime has opened a model in the same process, a test's thread may treat
 * denormals as zeros (`ml/session/flush_denormals.ts`).
 */
export const doubles: fc.Arbitrary<number> = fc.double().filter((value) => {
  // Checks the bits, because in such a thread a comparison would treat the value as zero.
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]! & 0x7fffffffffffffffn;
  return bits === 0n || bits >= 0x0010000000000000n;
});
