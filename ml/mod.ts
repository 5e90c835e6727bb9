// The public surface of the training engine.
export { Model, type ModelOptions } from "./train/model.ts";
export { type Dataset, datasetSize } from "./train/dataset.ts";
export type { Evaluation, FitOptions, FitResult, Progress } from "./train/fit_options.ts";
export type { InputSpec, Normalization } from "./train/input_spec.ts";
export type { Clipping } from "./train/step_gradients.ts";

export { type Initializer, type Layer, layer, type LayerOptions, type Scope } from "./nn/layer.ts";
export { applyLayer } from "./nn/layer.ts";
export { sequential, sequentialWith } from "./nn/sequential.ts";
export { parallel, residual, type ResidualOptions } from "./nn/combine.ts";
export { dense, type DenseOptions } from "./nn/dense.ts";
export { conv2d, type Conv2dOptions } from "./nn/convolution.ts";
export { avgPool2d, globalAvgPool, globalMaxPool, maxPool2d } from "./nn/pooling.ts";
export {
  batchNorm,
  type BatchNormOptions,
  groupNorm,
  layerNorm,
  type NormOptions,
} from "./nn/normalization.ts";
export { dropout } from "./nn/dropout.ts";
export { embedding, type EmbeddingOptions, positionEmbedding } from "./nn/embedding.ts";
export { selfAttention, type SelfAttentionOptions } from "./nn/attention.ts";
export { transformerEncoder, type TransformerEncoderOptions } from "./nn/transformer.ts";
export { flatten, reshape } from "./nn/shaping.ts";
export { gelu, leakyRelu, relu, sigmoid, silu, softmax, tanh } from "./nn/activation.ts";
export { fanInUniform, filled, normal, uniform } from "./nn/initializer.ts";

export {
  binaryCrossEntropy,
  crossEntropy,
  type CrossEntropyOptions,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from "./nn/loss.ts";
export type { Optimizer, Step } from "./nn/optimizer.ts";
export { sgd, type SgdOptions } from "./nn/sgd.ts";
export { adam, type AdamOptions, adamW } from "./nn/adam.ts";
export { rmsprop, type RmspropOptions } from "./nn/rmsprop.ts";
export {
  cosineDecay,
  type DecayOptions,
  linearDecay,
  type Schedule,
  stepDecay,
} from "./nn/schedule.ts";
