// What layers of one's own are written with: functions over symbolic arrays. Shapes are checked when they are called.
export {
  abs,
  add,
  type Binary,
  cast,
  div,
  equal,
  erf,
  exp,
  fill,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  relu,
  sigmoid,
  sign,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
  type Unary,
  where,
} from "./graph/elementwise.ts";
export { avgPool, conv, maxPool } from "./graph/convolution.ts";
export { gather, oneHot, scatterAdd } from "./graph/indexing.ts";
export { matmul } from "./graph/linear.ts";
export { broadcastTo, concat, pad, reshape, slice, transpose } from "./graph/movement.ts";
export { normalize } from "./graph/normalize.ts";
export { argMax, logSoftmax, reduceMax, reduceMean, reduceSum, softmax } from "./graph/reduce.ts";
export { resize2d } from "./graph/resize.ts";
export { constant } from "./graph/value.ts";
export { attend } from "./nn/attention.ts";
