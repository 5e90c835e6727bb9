// The public surface of the training engine.
/** Functions over symbolic arrays, for layers of one's own: `ops.add(x, y)`. */
import * as ops from "./ops.ts";

export { Model } from "./train/model.ts";
export type { ModelOptions } from "./train/model_options.ts";
export type { StoredType } from "./train/stored_type.ts";
export type { Dataset } from "../tensor/dataset.ts";
export { datasetSize, type NamedDataset } from "./train/dataset.ts";
export type { OneOrNamed } from "./train/parts.ts";
export type {
  EpochReport,
  Evaluation,
  FitOptions,
  FitResult,
  Progress,
  Proximal,
  StepOptions,
} from "./train/fit_options.ts";
export { evaluationMetrics } from "./train/evaluate.ts";
export type { EarlyStop } from "./train/early_stop.ts";
export type { InputSpec, Normalization } from "./train/input_spec.ts";
export type { Augmentation } from "./train/augment.ts";
export type { Compute, ComputeSlot } from "./engine/compute.ts";
export type { Device } from "./engine/device.ts";
export type { Clipping } from "./train/step_gradients.ts";

export { ops };
export type { ConvolutionOptions, PoolOptions } from "./graph/convolution.ts";
export type { Pair } from "./graph/geometry.ts";
export type { ResizeOptions } from "./graph/resize.ts";
export type { Value } from "./graph/value.ts";

export {
  type Initializer,
  type Layer,
  layer,
  type LayerOptions,
  type Ports,
  type Scope,
  type StateInitializer,
} from "./nn/layer.ts";
export { type NamedValues, type Network, network } from "./nn/network.ts";
export type { TrainingChoice } from "./import/apply.ts";
export type { OnnxInput } from "./import/graph/graph.ts";
export { type OnnxNetwork, onnxNetwork, type OnnxNetworkOptions } from "./import/network.ts";
export type { NamePattern } from "./import/patterns.ts";
export type { ExportOptions } from "./train/export.ts";
export { sequential, sequentialWith } from "./nn/sequential.ts";
export { parallel, residual, type ResidualOptions } from "./nn/combine.ts";
export { dense, type DenseOptions } from "./nn/dense.ts";
export {
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  depthwiseConv2d,
  type DepthwiseConv2dOptions,
} from "./nn/convolution.ts";
export { avgPool2d, globalAvgPool, globalMaxPool, maxPool2d } from "./nn/pooling.ts";
export { upsample2d, type UpsampleOptions } from "./nn/upsample.ts";
export { batchNorm, type BatchNormOptions } from "./nn/batch_norm.ts";
export {
  groupNorm,
  layerNorm,
  type LayerNormOptions,
  type NormOptions,
} from "./nn/normalization.ts";
export { dropout } from "./nn/dropout.ts";
export {
  embedding,
  type EmbeddingOptions,
  positionEmbedding,
  type PositionEmbeddingOptions,
} from "./nn/embedding.ts";
export { type AttentionMasks, type AttentionOptions, multiHeadAttention } from "./nn/attention.ts";
export { transformerEncoder, type TransformerEncoderOptions } from "./nn/transformer.ts";
export { flatten, reshape } from "./nn/shaping.ts";
export {
  gelu,
  type GeluOptions,
  leakyRelu,
  logSoftmax,
  relu,
  sigmoid,
  silu,
  softmax,
  tanh,
} from "./nn/activation.ts";
export { fanInUniform, filled, kaiming, normal, uniform, xavier } from "./nn/initializer.ts";

export {
  binaryCrossEntropy,
  crossEntropy,
  type CrossEntropyOptions,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  weighted,
} from "./nn/loss.ts";
export { diceLoss, type DiceLossOptions } from "./nn/dice.ts";
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
  warmUp,
} from "./nn/schedule.ts";
