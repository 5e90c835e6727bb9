import { elementCount } from "../../../tensor/tensor.ts";
import { add, mul } from "../../graph/elementwise.ts";
import { matmul } from "../../graph/linear.ts";
import { reshape, transpose } from "../../graph/movement.ts";
import type { Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";

function gemm(call: NodeCall): Value {
  const [a, b] = [call.value(0), call.value(1)];
  const left = call.int("transA", 0) === 0 ? a : transpose(a);
  const right = call.int("transB", 0) === 0 ? b : transpose(b);
  const alpha = call.float("alpha", 1);
  const product = matmul(left, right);
  const scaled = alpha === 1 ? product : mul(product, alpha);
  const c = call.optional(2);
  if (c === undefined) return scaled;
  const beta = call.float("beta", 1);
  return add(scaled, beta === 1 ? c : mul(c, beta));
}

/**
 * ONNX's MatMul. Vectors count as matrices of one row or column. If the right side is one matrix, all rows go into one
 * product.
 */
function multiply(call: NodeCall): Value {
  const [a, b] = [call.value(0), call.value(1)];
  const left = a.shape.length === 1 ? reshape(a, [1, a.shape[0]!]) : a;
  const right = b.shape.length === 1 ? reshape(b, [b.shape[0]!, 1]) : b;
  const width = left.shape.at(-1) ?? 1;
  const flat = left.shape.length > 2 && right.shape.length === 2 && width > 0;
  const rows = flat ? reshape(left, [elementCount(left.shape) / width, width]) : left;
  const product = matmul(rows, right);
  const lead = flat ? left.shape.slice(0, -1) : product.shape.slice(0, -1);
  const shape = [...lead, product.shape.at(-1)!];
  if (b.shape.length === 1) shape.pop();
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return reshape(product, shape);
}

/** Rules of matrix products. */
export const linearRules: Readonly<Record<string, Rule>> = { Gemm: gemm, MatMul: multiply };
