/**
 * The discrete Fourier transform of complex numbers, in place (Cooley and Tukey, radix 2).
 *
 * @param re real parts; the length is a power of two
 * @param im imaginary parts, as many
 * @param inverse the inverse transform, without the division by the length
 */
export function fourierTransform(re: Float64Array, im: Float64Array, inverse = false): void {
  const n = re.length;
  reverseBits(re, im);
  const [cos, sin] = [new Float64Array(n / 2), new Float64Array(n / 2)];
  for (let k = 0; k < n / 2; k++) {
    const angle = 2 * Math.PI * k / n;
    cos[k] = Math.cos(angle);
    sin[k] = inverse ? Math.sin(angle) : -Math.sin(angle);
  }
  for (let size = 2; size <= n; size *= 2) {
    const [half, stride] = [size / 2, n / size];
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < half; k++) {
        const [c, s] = [cos[k * stride]!, sin[k * stride]!];
        const [i, j] = [start + k, start + k + half];
        const [x, y] = [re[j]! * c - im[j]! * s, re[j]! * s + im[j]! * c];
        re[j] = re[i]! - x;
        im[j] = im[i]! - y;
        re[i]! += x;
        im[i]! += y;
      }
    }
  }
}

function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [x, y] = [re[i]!, im[i]!];
    re[i] = re[j]!;
    im[i] = im[j]!;
    re[j] = x;
    im[j] = y;
  }
}
