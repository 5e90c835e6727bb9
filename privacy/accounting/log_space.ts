/** ln(exp(a) + exp(b)). */
export function logAdd(a: number, b: number): number {
  const [less, more] = a < b ? [a, b] : [b, a];
  return less === -Infinity ? more : more + Math.log1p(Math.exp(less - more));
}

/** ln |exp(x) − 1|. */
export function logExpm1(x: number): number {
  return x > 30 ? x + Math.log1p(-Math.exp(-x)) : Math.log(Math.abs(Math.expm1(x)));
}

/** The logarithms of the binomial coefficients C(n, 0) … C(n, n). */
export function logBinomials(n: number): Float64Array {
  const logs = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) logs[k] = logs[k - 1]! + Math.log((n - k + 1) / k);
  return logs;
}

/** ln(1 − rate + rate · exp(u)). */
export function logMixture(rate: number, u: number): number {
  if (rate === 1) return u;
  return u > 0 ? u + Math.log(rate + (1 - rate) * Math.exp(-u)) : Math.log1p(rate * Math.expm1(u));
}

/** The u at which {@link logMixture} is `value`; −Infinity below its range. */
export function inverseLogMixture(rate: number, value: number): number {
  if (rate === 1) return value;
  if (value > 1) return value + Math.log1p(-(1 - rate) * Math.exp(-value)) - Math.log(rate);
  const ratio = Math.expm1(value) / rate;
  return ratio <= -1 ? -Infinity : Math.log1p(ratio);
}
