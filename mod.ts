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
export type { Context, RegisteredKey, ServerContext } from "./app/context.ts";
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
export { perRun, type PerRunOptions } from "./app/per_run.ts";
export type { ClientMod, Respond } from "./app/client_mod.ts";
export { arraysSizeMod, messageSizeMod } from "./app/mods/size_mods.ts";

// Tests of an app, which import this as "flwr/testing"
export type { NodeFaults } from "./entities/simulation.ts";
export { simulate, type SimulateOptions, type Simulation } from "./simulation/simulate.ts";
export type { NodeSettings } from "./simulation/virtual_nodes.ts";

// Secure aggregation
export type { SecAggPlusOptions } from "./app/secagg/options.ts";
export { SecAggPlus } from "./app/secagg/secaggplus.ts";
export { secAggPlusMod, type SecAggPlusModOptions } from "./app/secagg/secaggplus_mod.ts";
export type { DistributedPrivacy, SecureAggregationOptions } from "./app/secagg/signed/options.ts";
export { SecureAggregation } from "./app/secagg/signed/secure_aggregation.ts";
export {
  secureAggregationMod,
  type SecureAggregationModOptions,
} from "./app/secagg/signed/secure_aggregation_mod.ts";

// ServerApp and strategies
export type { ArtifactContent, Artifacts } from "./app/artifacts.ts";
export type { PrivacyReport, ProgressEvent, ProgressListener } from "./app/events.ts";
export type {
  Checkpoint,
  Checkpoints,
  CheckpointStore,
  StrategyCheckpoint,
} from "./app/checkpoints.ts";
export type { Checkpointable } from "./app/checkpoint/checkpointable.ts";
export type { CheckpointOptions } from "./app/checkpoint/strategy_checkpoints.ts";
export type { Answered, Exchange } from "./app/exchange.ts";
export {
  Grid,
  type GridOptions,
  type NodeFilter,
  type NodeWaitOptions,
  type WaitOptions,
} from "./app/grid.ts";
export { ServerApp, type ServerMain } from "./app/server_app.ts";
export { aggregateMetrics, type MetricsAggregation } from "./app/strategy/aggregate_metrics.ts";
export { averageMetrics, type WeighedMetrics } from "./app/strategy/average_metrics.ts";
export type { Contribution, PhaseShare } from "./app/contributions.ts";
export { type BestModel, keepBest, type KeepBestOptions } from "./app/strategy/best_model.ts";
export { Bulyan, type BulyanOptions } from "./app/strategy/bulyan.ts";
export {
  ComposedStrategy,
  type ComposedStrategyOptions,
  type MetricsAggrFn,
  type StrategyParts,
} from "./app/strategy/composed_strategy.ts";
export { FedAdagrad, FedAdam, type FedOptOptions, FedYogi } from "./app/strategy/fedopt.ts";
export { FedAvg, type FedAvgOptions } from "./app/strategy/fedavg.ts";
export { FedAvgM, type FedAvgMOptions } from "./app/strategy/fedavgm.ts";
export {
  FedMedian,
  FedTrimmedAvg,
  type FedTrimmedAvgOptions,
} from "./app/strategy/order_statistics.ts";
export {
  FedAsync,
  type FedAsyncOptions,
  FedBuff,
  type FedBuffOptions,
} from "./app/strategy/fedbuff.ts";
export {
  type BufferedOptions,
  BufferedStrategy,
  type Update,
} from "./app/strategy/buffered_strategy.ts";
export { FedDyn, type FedDynOptions } from "./app/strategy/feddyn.ts";
export { type DynRound, dynRound } from "./app/strategy/feddyn_node.ts";
export {
  FedNova,
  type FedNovaOptions,
  type LocalSteps,
  normalizedSteps,
} from "./app/strategy/fednova.ts";
export { FedProx, type FedProxOptions } from "./app/strategy/fedprox.ts";
export {
  FedXgb,
  type FedXgbOptions,
  type JoinedModel,
  xgbArrays,
  xgbBytes,
} from "./app/strategy/xgb/fedxgb.ts";
export { FedXgbBagging, type FedXgbBaggingOptions } from "./app/strategy/xgb/fedxgb_bagging.ts";
export { FedXgbCyclic, type FedXgbCyclicOptions } from "./app/strategy/xgb/fedxgb_cyclic.ts";
export type {
  HistoryPhase,
  HistoryReason,
  HistoryRound,
  MetricRange,
  RunHistory,
  SettingJson,
  StrategyHistory,
} from "./app/history/run_history.ts";
export {
  type HistoryJson,
  historyToJson,
  type JsonMetric,
  type NodeJson,
  type PhaseJson,
  type RoundJson,
} from "./app/strategy/history_json.ts";
export { Krum, MultiKrum, type MultiKrumOptions } from "./app/strategy/krum.ts";
export { localParameters, type LocalParametersOptions } from "./app/strategy/local_parameters.ts";
export {
  type IsLocal,
  PartialModel,
  type PartialModelOptions,
} from "./app/strategy/partial_model.ts";
export { QFedAvg, type QFedAvgOptions } from "./app/strategy/qfedavg.ts";
export { Scaffold, type ScaffoldOptions } from "./app/strategy/scaffold.ts";
export {
  type LocalTraining,
  type ScaffoldRound,
  scaffoldRound,
} from "./app/strategy/scaffold_node.ts";

// Parts of strategies
export type { Aggregate, Aggregation, Aggregator } from "./app/strategy/aggregator/aggregator.ts";
export {
  bulyan,
  type BulyanSelectionOptions,
  selectByKrum,
  type SelectionRule,
} from "./app/strategy/aggregator/bulyan.ts";
export { collecting } from "./app/strategy/aggregator/collecting.ts";
export {
  krumScores,
  type KrumSelectionOptions,
  multiKrum,
} from "./app/strategy/aggregator/krum.ts";
export { Mean, Sum, WeightedMean } from "./app/strategy/aggregator/mean.ts";
export { coordinateMedian, trimmedMean } from "./app/strategy/aggregator/order_statistics.ts";
export {
  ModelContract,
  type ModelContractOptions,
} from "./app/strategy/contract/model_contract.ts";
export type { CheckedReply, ReplyContract } from "./app/strategy/contract/reply_contract.ts";
export type { LargeUpdateAction } from "./app/strategy/contract/update_bound.ts";
export type { ReplyCollector } from "./app/strategy/collector.ts";
export {
  clientMods,
  type Postprocessor,
  type PostprocessorKind,
} from "./app/strategy/postprocessor/postprocessor.ts";
export { clippedUpdates, localNoise } from "./app/postprocessors/clipping_noise.ts";
export { quantized, type QuantizedOptions } from "./app/postprocessors/quantized.ts";
export { topK, type TopKOptions } from "./app/postprocessors/top_k.ts";
export { cappedWeights, equalWeights } from "./app/postprocessors/weighting.ts";
export type { PhaseRound, Round, Tensors } from "./app/strategy/round/round.ts";
export {
  adagradRule,
  adamRule,
  type AdaptiveOptions,
  yogiRule,
} from "./app/strategy/rule/adaptive.ts";
export type { LearningRate } from "./app/strategy/rule/learning_rate.ts";
export type { Moments } from "./app/strategy/rule/moments.ts";
export { type MomentumOptions, momentumRule } from "./app/strategy/rule/momentum.ts";
export { RuleState } from "./app/strategy/rule/rule_state.ts";
export { replaceRule, type ServerRule } from "./app/strategy/rule/server_rule.ts";
export {
  FractionSelection,
  type FractionSelectionOptions,
} from "./app/strategy/selection/fraction_selection.ts";
export { ListedNodes } from "./app/strategy/selection/listed_nodes.ts";
export type { SelectedNodes, Selection } from "./app/strategy/selection/selection.ts";
export {
  constantStaleness,
  hingeStaleness,
  polynomialStaleness,
  type StalenessWeight,
} from "./app/strategy/staleness/staleness.ts";

// Results of runs
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
  type DpSgd,
  dpSgd,
  type DpSgdOptions,
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
  type FitPrivacy,
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
export {
  classCounts,
  classWeights,
  exampleWeights,
  weightsFromCounts,
} from "./ml/data/class_weights.ts";
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
export { mergeTableStatistics } from "./ml/data/statistics/merge.ts";
export {
  type CategoryColumnStatistics,
  type NumberColumnStatistics,
  type TableStatistics,
  tableStatistics,
  type TableStatisticsOptions,
  type TextStatistics,
} from "./ml/data/statistics/table_statistics.ts";
export { parseCsv, readCsv, readCsvInputs } from "./ml/data/csv/read_csv.ts";
export { type ColumnSchema, schemaColumns, type TableSchema } from "./ml/data/csv/schema.ts";
export type { ImageDataset } from "./ml/data/image_dataset.ts";
export { type ImageFolderOptions, readImageFolder } from "./ml/data/image_folder.ts";
export {
  type ParquetInputsOptions,
  type ParquetOptions,
  readParquet,
  readParquetInputs,
} from "./ml/data/parquet/read_parquet.ts";
export { type ImageMasks, type ImageMasksOptions, readImageMasks } from "./ml/data/image_masks.ts";
export type { OrientationAction } from "./ml/data/picture/decode.ts";
export { type ContinuousOptions, partitionContinuous } from "./ml/data/partition/continuous.ts";
export { type DirichletOptions, partitionDirichlet } from "./ml/data/partition/dirichlet.ts";
export {
  type DistributionOptions,
  partitionDistribution,
} from "./ml/data/partition/distribution.ts";
export {
  type IdToSizeOptions,
  partitionIdToSize,
  partitionSizes,
} from "./ml/data/partition/given_sizes.ts";
export {
  type InnerDirichletOptions,
  partitionInnerDirichlet,
} from "./ml/data/partition/inner_dirichlet.ts";
export {
  type GroupedNaturalIdOptions,
  type GroupMode,
  type NaturalId,
  type NaturalPartitions,
  partitionGroupedNaturalId,
  partitionNaturalId,
} from "./ml/data/partition/natural_id.ts";
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
export {
  type ActivePartyColumnsMode,
  type ColumnPartitions,
  partitionVerticalEven,
  partitionVerticalSize,
  type VerticalOptions,
} from "./ml/data/partition/vertical.ts";
export { selectExamples, selectPartition } from "./ml/data/select_examples.ts";
export { type SplitOptions, trainTestSplit } from "./ml/data/split.ts";
export { tokenize } from "./ml/data/text/tokenize.ts";
export {
  createVocabulary,
  encodeTexts,
  type EncodeTextsOptions,
  PADDING_ID,
  UNKNOWN_ID,
  type Vocabulary,
  type VocabularyOptions,
} from "./ml/data/text/vocabulary.ts";
export {
  mergeWordCounts,
  type WordCounts,
  wordCounts,
  type WordCountsOptions,
} from "./ml/data/text/word_counts.ts";

// Metrics of predictions.
export type { Numbers } from "./metrics/check.ts";
export { binaryStatistics } from "./metrics/binary.ts";
export { classStatistics } from "./metrics/classes.ts";
export { regressionStatistics } from "./metrics/regression.ts";
export { rocAuc } from "./metrics/roc_auc.ts";
export type { StatisticsName } from "./metrics/kinds.ts";
export type { Statistics } from "./metrics/statistics.ts";

// Privacy accounting
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

// Differential privacy
export { adaptiveClippingMod, fixedClippingMod } from "./app/privacy/clipping_mods.ts";
export type { AdaptiveNormOptions, ClippingNorm } from "./app/privacy/clipping_norm.ts";
export type {
  CentralDp,
  CentralDpOptions,
  CentralDpSettings,
  ClientSideOptions,
} from "./app/privacy/central_dp.ts";
export { localDpMod, type LocalDpOptions } from "./app/privacy/local_dp.ts";
export {
  DifferentialPrivacyMatrixMechanism,
  type MatrixMechanismOptions,
} from "./app/privacy/matrix_mechanism.ts";
export type { NoiseSource } from "./app/privacy/noise_source.ts";
export type { RunNoise } from "./app/privacy/run_noise.ts";
export {
  type AdaptiveClippingOptions,
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyClientSideFixedClipping,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
  type FixedClippingOptions,
} from "./app/privacy/wrappers.ts";
