/**
 * What an app imports: `import { ClientApp, ServerApp, FedAvg, Model } from "flwr"`.
 *
 * @module
 */

// Errors
export { type ErrorCode, FlwrError, type FlwrErrorOptions } from "./base/error.ts";

// Clock and randomness
export type { Clock } from "./base/clock.ts";
export type { Random } from "./base/random.ts";

// Messages and records
export { ArrayRecord } from "./app/array_record.ts";
export { ConfigRecord } from "./app/config_record.ts";
export type { Context, ServerContext } from "./app/context.ts";
export { type Float, float } from "./app/float.ts";
export { type InstructionInit, Message, type ReplyOptions } from "./app/message.ts";
export {
  type MessageError,
  MessageErrorCode,
  type MessageId,
  type MessageType,
  type Metadata,
  type NodeId,
  type RunId,
} from "./entities/metadata.ts";
export { MetricRecord } from "./app/metric_record.ts";
export type { Named, NamedMap } from "./app/named_map.ts";
export { NdArray, type NdArrayFields } from "./app/nd_array.ts";
export { type AnyRecord, RecordDict, type RecordDictInit } from "./app/record_dict.ts";
export type {
  ConfigInput,
  ConfigValue,
  MetricInput,
  MetricValue,
  TypedConfigValue,
  TypedMetricValue,
} from "./app/typed_value.ts";
export type { ValueRecord } from "./app/value_record.ts";

// ClientApp
export {
  ClientApp,
  type ClientAppOptions,
  type Handler,
  type HandlerOptions,
  type HandlerResult,
} from "./app/client_app.ts";
export { perRun } from "./app/per_run.ts";
export type { ClientMod, Respond } from "./app/client_mod.ts";

// ServerApp and strategies
export type { ArtifactContent, Artifacts } from "./app/artifacts.ts";
export type { ProgressEvent, ProgressListener } from "./app/events.ts";
export type { Checkpoint, Checkpoints, CheckpointStore } from "./app/checkpoints.ts";
export type { Checkpointable } from "./app/checkpoint/checkpointable.ts";
export type { CheckpointOptions } from "./app/checkpoint/strategy_checkpoints.ts";
export { Grid, type GridOptions, type WaitOptions } from "./app/grid.ts";
export { ServerApp, type ServerMain } from "./app/server_app.ts";
export { aggregateMetrics, type MetricsAggregation } from "./app/strategy/aggregate_metrics.ts";
export { averageMetrics, type WeighedMetrics } from "./app/strategy/average_metrics.ts";
export type { Contribution, PhaseShare } from "./app/contributions.ts";
export { FedAdagrad, FedAdam, type FedOptOptions, FedYogi } from "./app/strategy/fedopt.ts";
export { FedAvg, type FedAvgOptions, type MetricsAggrFn } from "./app/strategy/fedavg.ts";
export type { LargeUpdateAction } from "./app/strategy/update_bound.ts";
export { FedAvgM, type FedAvgMOptions } from "./app/strategy/fedavgm.ts";
export type { Moments } from "./app/strategy/moments.ts";
export {
  FedMedian,
  FedTrimmedAvg,
  type FedTrimmedAvgOptions,
} from "./app/strategy/order_statistics.ts";
export { FedProx, type FedProxOptions } from "./app/strategy/fedprox.ts";
export {
  type HistoryJson,
  historyToJson,
  type JsonMetric,
  type NodeJson,
  type PhaseJson,
  type RoundJson,
} from "./app/strategy/history_json.ts";
export { Krum, MultiKrum, type MultiKrumOptions } from "./app/strategy/krum.ts";
export type { CheckedReply } from "./app/strategy/reply_check.ts";
export {
  type Failure,
  type PhaseName,
  type PhaseRecord,
  Result,
  type RoundRecord,
} from "./app/result.ts";
export type {
  ConfigSource,
  EvaluateFn,
  ServerMetrics,
  StartOptions,
  StopRule,
} from "./app/strategy/run_strategy.ts";
export {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "./app/strategy/strategy.ts";

// Tensors
export { type DType, DTYPES, type TypedArray } from "./tensor/dtype.ts";
export { decodeNpy, encodeNpy } from "./tensor/npy.ts";
export { type Tensor, tensor, zeros } from "./tensor/tensor.ts";
export { decodeNpz, encodeNpz, type NpzTensors } from "./tensor/npz.ts";

// Training
export {
  adam,
  type AdamOptions,
  adamW,
  type AttentionMasks,
  type AttentionOptions,
  type Augmentation,
  avgPool2d,
  batchNorm,
  type BatchNormOptions,
  binaryCrossEntropy,
  type Clipping,
  type Compute,
  type ComputeSlot,
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  type ConvolutionOptions,
  cosineDecay,
  crossEntropy,
  type CrossEntropyOptions,
  type Dataset,
  datasetSize,
  type DecayOptions,
  dense,
  type DenseOptions,
  depthwiseConv2d,
  type DepthwiseConv2dOptions,
  type Device,
  diceLoss,
  type DiceLossOptions,
  dropout,
  type EarlyStop,
  embedding,
  type EmbeddingOptions,
  type EpochReport,
  type Evaluation,
  evaluationMetrics,
  type ExportOptions,
  fanInUniform,
  filled,
  type FitOptions,
  type FitResult,
  flatten,
  gelu,
  type GeluOptions,
  globalAvgPool,
  globalMaxPool,
  groupNorm,
  huber,
  type Initializer,
  type InputSpec,
  kaiming,
  type Layer,
  layer,
  layerNorm,
  type LayerNormOptions,
  type LayerOptions,
  leakyRelu,
  linearDecay,
  logSoftmax,
  type Loss,
  maxPool2d,
  meanAbsoluteError,
  meanSquaredError,
  Model,
  type ModelOptions,
  multiHeadAttention,
  type NamedDataset,
  type NamedValues,
  type NamePattern,
  type Network,
  network,
  normal,
  type Normalization,
  type NormOptions,
  type OneOrNamed,
  type OnnxInput,
  type OnnxNetwork,
  onnxNetwork,
  type OnnxNetworkOptions,
  ops,
  type Optimizer,
  type Pair,
  parallel,
  type PoolOptions,
  type Ports,
  positionEmbedding,
  type PositionEmbeddingOptions,
  type Progress,
  type Proximal,
  relu,
  reshape,
  residual,
  type ResidualOptions,
  type ResizeOptions,
  rmsprop,
  type RmspropOptions,
  type Schedule,
  type Scope,
  sequential,
  sequentialWith,
  sgd,
  type SgdOptions,
  sigmoid,
  silu,
  softmax,
  type StateInitializer,
  type Step,
  stepDecay,
  type StepOptions,
  type StoredType,
  tanh,
  type TrainingChoice,
  transformerEncoder,
  type TransformerEncoderOptions,
  uniform,
  upsample2d,
  type UpsampleOptions,
  type Value,
  warmUp,
  weighted,
  xavier,
} from "./ml/mod.ts";

// Data sets
export { readNpy, readNpz } from "./ml/data/array_files.ts";
export { type Cifar10, type Cifar10Options, loadCifar10 } from "./ml/data/cifar10/load.ts";
export type {
  CategoryEncoding,
  CategoryOptions,
  ClassTable,
  CsvInputsOptions,
  CsvOptions,
  MissingAction,
  NumberTable,
  TableDataset,
  TableInputs,
  TableOf,
  TableSplit,
} from "./ml/data/csv/options.ts";
export { parseCsv, readCsv, readCsvInputs } from "./ml/data/csv/read_csv.ts";
export type { ColumnSchema, TableSchema } from "./ml/data/csv/schema.ts";
export type { ImageDataset } from "./ml/data/image_dataset.ts";
export { type ImageFolderOptions, readImageFolder } from "./ml/data/image_folder.ts";
export { type ImageMasks, type ImageMasksOptions, readImageMasks } from "./ml/data/image_masks.ts";
export type { OrientationAction } from "./ml/data/picture/decode.ts";
export { type DirichletOptions, partitionDirichlet } from "./ml/data/partition/dirichlet.ts";
export {
  type ClassAssignment,
  partitionPathological,
  type PathologicalOptions,
} from "./ml/data/partition/pathological.ts";
export type { Labels, PartitionOptions, Partitions } from "./ml/data/partition/partitions.ts";
export { partitionByShards, type ShardOptions } from "./ml/data/partition/shards.ts";
export {
  partitionBySize,
  partitionIid,
  type SizePartitionOptions,
  type SizeSkew,
} from "./ml/data/partition/size.ts";
export { selectExamples, selectPartition } from "./ml/data/select_examples.ts";
export { type SplitOptions, trainTestSplit } from "./ml/data/split.ts";

// Metrics of predictions.
export type { Numbers } from "./metrics/check.ts";
export { binaryStatistics } from "./metrics/binary.ts";
export { classStatistics } from "./metrics/classes.ts";
export { regressionStatistics } from "./metrics/regression.ts";
export { rocAuc } from "./metrics/roc_auc.ts";
export type { StatisticsName } from "./metrics/merge.ts";
export type { Statistics } from "./metrics/statistics.ts";

// Privacy accounting.
export {
  type GaussianPrivacyEvent,
  type NeighboringRelation,
  PldAccountant,
  PrivacyAccountant,
  type PrivacyConfig,
  type PrivacySpent,
  RdpAccountant,
  type SamplingMethod,
} from "./privacy/accounting/accountant.ts";
export type { AccountantState } from "./privacy/accounting/accountant_state.ts";
export { calibrateNoise, type CalibrationTarget } from "./privacy/accounting/calibrate.ts";
export type { AccountingMethod, PrivacyLedger } from "./privacy/accounting/ledger.ts";
export type { GaussianRelease, RepeatedRelease, Sampling } from "./privacy/accounting/release.ts";
