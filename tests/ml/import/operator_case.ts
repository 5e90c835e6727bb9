import type { Attributes } from "../../../ml/onnx/attribute.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type FileSpec, oneNode } from "./onnx_file.ts";

/** A file of one operator, and what goes in. */
export interface OperatorCase {
  readonly file: Uint8Array;
  readonly x: Tensor;
  readonly output: string;
}

/** A case out of x and a node. */
export function caseOf(
  x: Tensor,
  op: string,
  attributes: Attributes = {},
  others: Readonly<Record<string, Tensor>> = {},
  more: Partial<FileSpec> & { readonly domain?: string } = {},
): OperatorCase {
  const name = more.domain === undefined ? op : op.slice(more.domain.length + 1);
  return {
    file: oneNode(name, attributes, others, { inputType: x.dtype, ...more }),
    x,
    output: "y",
  };
}
