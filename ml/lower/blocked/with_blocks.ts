import type { Optimizations } from "../passes.ts";
import { blockConvolutions } from "./block_convolutions.ts";
import {
  blockedAffinePattern,
  blockedNormalizeGradPattern,
  blockedNormalizePattern,
  blockedSumsPattern,
} from "./channels.ts";
import { packPools } from "./pack_pools.ts";
import { blockedMaxPoolPattern } from "./max_pool.ts";
import { blockedConvPattern, blockedInputGradPattern } from "./convolution.ts";
import { reorderPattern } from "./reorder.ts";
import { blockedWeightGradPattern } from "./weight_grad.ts";
import type { Pattern } from "../tile.ts";

/** The patterns for images in blocks of `block` channels, in the order in which they are tried. */
export function blockedPatterns(block: number): Pattern[] {
  return [
    blockedNormalizeGradPattern(block),
    blockedSumsPattern(block),
    blockedAffinePattern(block),
    blockedNormalizePattern(block),
    blockedConvPattern,
    blockedInputGradPattern,
    blockedWeightGradPattern,
    blockedMaxPoolPattern(block),
    reorderPattern(block),
  ];
}

/**
 * Adds convolutions on blocks of channels to optimisations.
 *
 * @param block channels of a block on this machine
 * @param forwardOnly whether the graph is not differentiated
 */
export function withBlocks(
  { passes, patterns }: Optimizations,
  block: number,
  forwardOnly = false,
): Optimizations {
  return {
    passes: [...forwardOnly ? [packPools(block)] : [], ...passes, blockConvolutions(block)],
    patterns: [...blockedPatterns(block), ...patterns],
    blocks: true,
  };
}
