import { elementCount } from "../../../tensor/tensor.ts";
import { blocksBehind, fromBlocks, toBlocks } from "../../graph/blocks.ts";
import { convolve } from "../../graph/convolution.ts";
import type { ConvolutionGeometry } from "../../graph/geometry.ts";
import { concat, reshape } from "../../graph/movement.ts";
import { inverseDeviation, normalize } from "../../graph/normalize.ts";
import { reduceSum } from "../../graph/reduce.ts";
import { sameShape } from "../../graph/shape.ts";
import { rewrite } from "../../graph/traverse.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { GraphPass } from "../passes.ts";
import { applied, BINARY, UNARY } from "../sink_transposes.ts";

/** Whether a convolution and its gradients can be computed on blocks of channels. */
function canUseBlocks(value: Node<"conv">, block: number): boolean {
  const { groups, dilation, block: own } = value.attributes.geometry;
  const [x, w] = value.inputs as readonly [Value, Value];
  const [channels, filters] = [x.shape[1]!, w.shape[0]!];
  if (
    own !== undefined || x.shape.length !== 4 || value.dtype !== "float32" || filters % block !== 0
  ) return false;
  if (groups > 1) return groups === channels && groups === filters;
  return dilation.every((step) => step === 1) && (channels < block || channels % block === 0);
}

/** Whether a convolution is computed on blocks even if its images have to be reordered first. */
export function canBeBlocked(value: Node<"conv">, block: number): boolean {
  return canUseBlocks(value, block) && !isPointwise(value.attributes.geometry);
}

/**
 * Whether the kernel has one element. Such a convolution gains less than reordering its images costs, so it goes on
 * blocks only if its images already are in blocks.
 */
function isPointwise({ kernel }: ConvolutionGeometry): boolean {
  return elementCount(kernel) === 1;
}

function blockedConv(value: Node<"conv">, block: number): Value | undefined {
  const { geometry } = value.attributes;
  const [x, w] = value.inputs as readonly [Value, Value];
  const known = blocksBehind(x);
  if (!canUseBlocks(value, block) || isPointwise(geometry) && known === undefined) return undefined;
  const images = x.shape[1]! < block ? x : known ?? toBlocks(x, block);
  return fromBlocks(convolve(images, w, { ...geometry, block }));
}

/**
 * An operand of an elementwise operation, reshaped to go with images in blocks. It is a scalar, one number per channel,
 * or images.
 */
function blockedOperand(operand: Value, images: Value, block: number): Value | undefined {
  if (sameShape(operand.shape, images.shape)) {
    return blocksBehind(operand) ?? toBlocks(operand, block);
  }
  const [, channels] = images.shape;
  if (elementCount(operand.shape) === 1 && operand.shape.length <= 4) return reshape(operand, []);
  const perChannel = operand.shape.at(-3) === channels && elementCount(operand.shape) === channels;
  if (perChannel && operand.shape.length <= 4) {
    return reshape(operand, [1, channels! / block, 1, 1, block]);
  }
  return undefined;
}

function blockedElementwise(value: Value, block: number): Value | undefined {
  const source = value.inputs.find((x) => sameShape(x.shape, value.shape) && blocksBehind(x));
  const images = source && blocksBehind(source);
  if (images === undefined) return undefined;
  if (UNARY.has(value.primitive)) return fromBlocks(applied(value, [images], images.shape));
  if (!BINARY.has(value.primitive)) return undefined;
  const operands = value.inputs.map((operand) => blockedOperand(operand, value, block));
  if (operands.includes(undefined)) return undefined;
  return fromBlocks(applied(value, operands as Value[], images.shape));
}

/** A reduction or normalisation over whole planes (and perhaps the batch), on blocks: channels stay apart there too. */
function blockedReduction(value: Value): Value | undefined {
  const { primitive } = value;
  if (primitive !== "normalize" && primitive !== "inverseDeviation" && primitive !== "reduceSum") {
    return undefined;
  }
  const images = blocksBehind(value.inputs[0]!);
  const { axes } = value.attributes;
  const overPlanes = axes.includes(2) && axes.includes(3) && !axes.includes(1);
  if (images === undefined || !overPlanes) return undefined;
  if (primitive === "normalize") return fromBlocks(normalize(images, value.attributes));
  const reduced = primitive === "reduceSum"
    ? reduceSum(images, value.attributes)
    : inverseDeviation(images, value.attributes);
  return reshape(reduced, value.shape);
}

/** Images in blocks, joined along their channels. */
function blockedConcat(value: Value): Value | undefined {
  if (value.primitive !== "concat" || value.attributes.axis !== 1) return undefined;
  const parts = value.inputs.flatMap((x) => blocksBehind(x) ?? []);
  return parts.length === value.inputs.length ? fromBlocks(concat(parts, 1)) : undefined;
}

/**
 * Computes convolutions on images in blocks of channels, the layout of ONNX Runtime's NCHWc operators
 * (`convolution.ts`). Images are reordered into blocks before the first convolution, and back before an operation that
 * has no form on blocks. Elementwise operations, normalisation and sums have one.
 *
 * @param block channels of a block on this machine
 */
export function blockConvolutions(block: number): GraphPass {
  return (outputs) =>
    rewrite(
      outputs,
      (value) =>
        value.primitive === "conv"
          ? blockedConv(value, block)
          : blockedElementwise(value, block) ?? blockedReduction(value) ?? blockedConcat(value),
    );
}
