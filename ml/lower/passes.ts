import type { Value } from "../graph/value.ts";
import { batchInnermost } from "./batch_innermost.ts";
import { foldScale } from "./fold_scale.ts";
import { channelAffinePattern } from "./channel_affine.ts";
import { channelNormalizeGradPattern } from "./channel_normalize_grad.ts";
import { channelSumsPattern } from "./channel_sums.ts";
import { concatOfPadsPattern } from "./concat_of_pads.ts";
import { convInputGradPattern } from "./conv_input_grad.ts";
import { convWeightGradPattern } from "./conv_weight_grad.ts";
import { depthwiseWeightGradPattern } from "./depthwise_weight_grad.ts";
import { foldMaxPattern } from "./fold_max.ts";
import { gemmPattern } from "./gemm.ts";
import { leadingSumsPattern } from "./leading_sums.ts";
import { poolBeforeMonotone } from "./pool_before_monotone.ts";
import { poolPhases } from "./pool_phases.ts";
import { reluMaskPattern } from "./relu_mask.ts";
import { routeFirstPattern } from "./route_first.ts";
import { sharedPoolIndices } from "./shared_pool_indices.ts";
import { sinkTransposes } from "./sink_transposes.ts";
import { splitSlicesPattern } from "./split_slices.ts";
import { transposeBytes } from "./transpose_bytes.ts";
import { turnedBatchProductPattern } from "./turned_batch_product.ts";
import { zeroRowPattern } from "./zero_row.ts";
import type { Pattern } from "./tile.ts";

/** A rewriting of the graph before it is differentiated: outputs in, equal outputs out. */
export type GraphPass = (outputs: readonly Value[]) => Value[];

/** The optimisations to apply. Without them the result is the same up to rounding, but slower to compute. */
export interface Optimizations {
  /** Applied in order, each to the whole graph. */
  readonly passes: readonly GraphPass[];
  /** Tried in order on each value when the graph is turned into ONNX nodes. */
  readonly patterns: readonly Pattern[];
  /**
   * Whether to compute convolutions on blocks of channels if the machine has operators for it
   * (`blocked/with_blocks.ts`). Default: false.
   */
  readonly blocks?: boolean;
}

/** No optimisation: every primitive becomes its plain ONNX form. */
export const PLAIN: Optimizations = { passes: [], patterns: [] };

/** All optimisations. */
export const OPTIMIZED: Optimizations = {
  passes: [
    poolBeforeMonotone,
    poolPhases,
    batchInnermost,
    sinkTransposes,
    transposeBytes,
    foldScale,
  ],
  patterns: [
    gemmPattern,
    turnedBatchProductPattern,
    splitSlicesPattern,
    leadingSumsPattern,
    concatOfPadsPattern,
    channelNormalizeGradPattern,
    channelSumsPattern,
    channelAffinePattern,
    convWeightGradPattern,
    depthwiseWeightGradPattern,
    convInputGradPattern,
    zeroRowPattern,
    foldMaxPattern,
    routeFirstPattern,
    reluMaskPattern,
    sharedPoolIndices,
  ],
  blocks: true,
};

/** Applies the graph passes to outputs. */
export function applyPasses(outputs: readonly Value[], { passes }: Optimizations): Value[] {
  return passes.reduce<Value[]>((values, pass) => pass(values), [...outputs]);
}
