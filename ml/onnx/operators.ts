/**
 * The ONNX operators in models that we write. Models from untrusted senders may use only these (`self_contained.ts`):
 * each of them is pure arithmetic, and the loop runs over the rows of its inputs.
 */
export const OPERATORS = [
  "Abs",
  "Add",
  "And",
  "ArgMax",
  "AveragePool",
  "BatchNormalization",
  "BitShift",
  "BitwiseOr",
  "Cast",
  "Ceil",
  "Concat",
  "ConstantOfShape",
  "Conv",
  "ConvTranspose",
  "Cos",
  "CumSum",
  "Div",
  "Equal",
  "Erf",
  "Exp",
  "Expand",
  "Floor",
  "Gather",
  "GatherElements",
  "Gemm",
  "HardSigmoid",
  "Identity",
  "LayerNormalization",
  "Less",
  "Log",
  "LogSoftmax",
  "MatMul",
  "Max",
  "MaxPool",
  "Mod",
  "Mul",
  "Neg",
  "Not",
  "Or",
  "Pad",
  "Pow",
  "Reciprocal",
  "ReduceMax",
  "ReduceSum",
  "Relu",
  "Reshape",
  "Round",
  "Scan",
  "ScatterElements",
  "Shape",
  "Sigmoid",
  "Sign",
  "Sin",
  "Slice",
  "Softmax",
  "Softplus",
  "Split",
  "Sqrt",
  "Sub",
  "Tanh",
  "TopK",
  "Transpose",
  "Where",
] as const;

/** The domain of ONNX Runtime's operators on images in blocks of channels. */
export const BLOCKED_DOMAIN = "com.microsoft.nchwc";

/** Version of {@link BLOCKED_DOMAIN}. */
export const BLOCKED_VERSION = 1n;

/** The operators of {@link BLOCKED_DOMAIN} in models that we write, if the machine has them. */
export const BLOCKED_OPERATORS = [
  `${BLOCKED_DOMAIN}.Conv`,
  `${BLOCKED_DOMAIN}.GlobalAveragePool`,
  `${BLOCKED_DOMAIN}.MaxPool`,
  `${BLOCKED_DOMAIN}.ReorderInput`,
  `${BLOCKED_DOMAIN}.ReorderOutput`,
] as const;

/** One of {@link OPERATORS} or {@link BLOCKED_OPERATORS}. */
export type Operator = typeof OPERATORS[number] | typeof BLOCKED_OPERATORS[number];
