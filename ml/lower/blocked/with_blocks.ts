import type { Optimizations } from "../passes.ts";
import { blockConvolutions } from "./block_convolutions.ts";
import {
  blockedAffinePattern,
  blockedNormalizeGradPattern,
  blockedNormalizePattern,
  blockedSumsPattern,
} from "./channels.ts";
import { blockedConvPattern, blockedInputGradPattern } from "./convolution.ts";
import { reorderPattern } from "./reorder.ts";
import { blockedWeightGradPattern } from "./weight_grad.ts";
import type { Pattern } from "../tile.ts";

/** The patterns of images in blocks of so many channels, in the order in which they are tried. */
export function blockedPatterns(block: number): Pattern[] {
  return [
    blockedNormalizeGradPattern(block),
    blockedSumsPattern(block),
    blockedAffinePattern(block),
    blockedNormalizePattern(block),
    blockedConvPattern,
    blockedInputGradPattern,
    blockedWeightGradPattern,
    reorderPattern(block),
  ];
}

/** Optimisations, and besides convolutions on blocks of channels, on a machine whose blocks have so many. */
export function withBlocks({ passes, patterns }: Optimizations, block: number): Optimizations {
  return {
    passes: [...passes, blockConvolutions(block)],
    patterns: [...blockedPatterns(block), ...patterns],
    blocks: true,
  };
}
