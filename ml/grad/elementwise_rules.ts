import {
  cast,
  div,
  exp,
  fill,
  less,
  mul,
  neg,
  sigmoid,
  sign,
  sub,
  where,
} from "../graph/elementwise.ts";
import { type GradientRules, unbroadcast } from "./rule.ts";

const isReal = (dtype: string) => dtype.startsWith("float");
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Rules of the elementwise primitives, x and (a, b) being the inputs and y the value. */
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
