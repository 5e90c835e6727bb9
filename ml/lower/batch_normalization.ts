import { sameShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import type { Pattern } from "./tile.ts";

/** The vector [channels] that was reshaped to broadcast over x [batch, channels, …]. */
function vectorOf(value: Value | undefined, x: Value): Value | undefined {
  if (value?.primitive !== "reshape" || value.inputs[0]!.shape.length !== 1) return undefined;
  const stretched = x.shape.map((length, axis) => axis === 1 ? length : 1);
  return sameShape(value.shape, stretched) ? value.inputs[0] : undefined;
}

/** v and ε of √(v + ε). */
function spreadOf(deviation: Value | undefined): { variance: Value; epsilon: number } | undefined {
  const sum = deviation?.primitive === "sqrt" ? deviation.inputs[0]! : undefined;
  const [variance, constant] = sum?.primitive === "add" ? sum.inputs : [];
  if (variance === undefined || constant?.primitive !== "constant") return undefined;
  return { variance, epsilon: Number(constant.attributes.tensor.data[0]) };
}

/**
 * Lowers batch normalisation by running statistics, x f + (shift − mean f) with f = scale / √(variance + ε), to ONNX's
 * BatchNormalization. Other programs recognise it, and so do we when we import the file again.
 */
export const batchNormalizationPattern: Pattern = (value) => {
  const [scaled, moved] = value.primitive === "add" ? value.inputs : [];
  if (scaled?.primitive !== "mul" || moved?.primitive !== "sub") return undefined;
  const [x, factor] = scaled.inputs as readonly [Value, Value];
  const [shift, centre] = moved.inputs as readonly [Value, Value];
  const isCentre = centre.primitive === "mul" && centre.inputs[1] === factor;
  if (!isCentre || factor.primitive !== "div") return undefined;
  const spread = spreadOf(factor.inputs[1]);
  if (spread === undefined) return undefined;
  const vectors = [factor.inputs[0], shift, centre.inputs[0], spread.variance].flatMap((part) => {
    const vector = vectorOf(part, x);
    return vector === undefined ? [] : [vector];
  });
  if (vectors.length < 4) return undefined;
  return {
    inputs: [x, ...vectors],
    emit: (builder, names) =>
      builder.node("BatchNormalization", names, { epsilon: { float: spread.epsilon } }),
  };
};
