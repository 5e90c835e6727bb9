import {
  cast,
  cos,
  div,
  equal,
  exp,
  fill,
  less,
  log,
  mul,
  neg,
  pow,
  round,
  sigmoid,
  sign,
  sin,
  sub,
  where,
} from "../graph/elementwise.ts";
import { type GradientRules, unbroadcast } from "./rule.ts";

const isReal = (dtype: string) => dtype.startsWith("float");
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Gradient rules of the elementwise primitives. x, or a and b, are the inputs; y is the value; d its gradient. */
export const elementwiseRules = {
  neg: (_, d) => [() => neg(d)],
  exp: (y, d) => [() => mul(d, y)],
  log: ({ inputs: [x] }, d) => [() => div(d, x!)],
  sqrt: (y, d) => [() => div(mul(d, 0.5), y)],
  abs: ({ inputs: [x] }, d) => [() => mul(d, sign(x!))],
  sign: () => [undefined],
  tanh: (y, d) => [() => mul(d, sub(1, mul(y, y)))],
  sigmoid: (y, d) => [() => mul(d, mul(y, sub(1, y)))],
  erf: ({ inputs: [x] }, d) => [() => mul(d, mul(exp(neg(mul(x!, x!))), TWO_OVER_SQRT_PI))],
  relu: (y, d) => [() => mul(d, sign(y))],
  softplus: ({ inputs: [x] }, d) => [() => mul(d, sigmoid(x!))],
  sin: ({ inputs: [x] }, d) => [() => mul(d, cos(x!))],
  cos: ({ inputs: [x] }, d) => [() => neg(mul(d, sin(x!)))],
  floor: () => [undefined],
  ceil: () => [undefined],
  round: () => [undefined],
  not: () => [undefined],
  cast: ({ inputs: [x], dtype }, d) => [
    isReal(dtype) && isReal(x!.dtype) ? () => cast(d, x!.dtype) : undefined,
  ],
  stopGradient: () => [undefined],

  add: ({ inputs: [a, b] }, d) => [() => unbroadcast(d, a!), () => unbroadcast(d, b!)],
  sub: ({ inputs: [a, b] }, d) => [() => unbroadcast(d, a!), () => unbroadcast(neg(d), b!)],
  mul: ({ inputs: [a, b] }, d) => [
    () => unbroadcast(mul(d, b!), a!),
    () => unbroadcast(mul(d, a!), b!),
  ],
  div: (y, d) => {
    const [a, b] = y.inputs;
    return [() => unbroadcast(div(d, b!), a!), () => unbroadcast(neg(div(mul(d, y), b!)), b!)];
  },
  maximum: ({ inputs: [a, b] }, d) => {
    const zero = fill(0, d.dtype);
    return [
      () => unbroadcast(where(less(a!, b!), zero, d), a!),
      () => unbroadcast(where(less(a!, b!), d, zero), b!),
    ];
  },
  pow: (y, d) => {
    const [a, b] = y.inputs;
    if (!isReal(a!.dtype)) return [undefined, undefined];
    const zero = fill(0, d.dtype);
    const exponent = cast(b!, d.dtype);
    return [
      // b aᵇ⁻¹, and 0 for b = 0, where aᵇ⁻¹ can be infinite.
      () => {
        const slope = mul(exponent, pow(a!, sub(exponent, 1)));
        return unbroadcast(mul(d, where(equal(exponent, zero), zero, slope)), a!);
      },
      // aᵇ log a, and 0 where aᵇ is 0 because a is 0.
      isReal(b!.dtype)
        ? () => unbroadcast(mul(d, where(equal(y, zero), zero, mul(y, log(a!)))), b!)
        : undefined,
    ];
  },
  // a is the remainder plus an integer multiple of b.
  mod: (y, d) => {
    const [a, b] = y.inputs;
    return isReal(y.dtype)
      ? [() => unbroadcast(d, a!), () => unbroadcast(neg(mul(d, round(div(sub(a!, y), b!)))), b!)]
      : [undefined, undefined];
  },
  and: () => [undefined, undefined],
  or: () => [undefined, undefined],
  less: () => [undefined, undefined],
  equal: () => [undefined, undefined],
  where: ({ inputs: [condition, a, b] }, d) => {
    const zero = fill(0, d.dtype);
    return [
      undefined,
      () => unbroadcast(where(condition!, d, zero), a!),
      () => unbroadcast(where(condition!, zero, d), b!),
    ];
  },
} satisfies Partial<GradientRules>;
