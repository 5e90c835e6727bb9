/**
 * How much more arithmetic a convolution may take as a product with shifted kernels (pool_phases.ts) than as it stands.
 * A 5 × 5 kernel under a 2 × 2 pool takes 1.44 times as much, a 3 × 3 kernel 1.78 times.
 */
export const MAX_PHASE_WASTE = 2;

/**
 * How much more arithmetic a convolution under a pool may take on blocks of channels (blocked/pack_pools.ts) than as it
 * stands. Six filters of 5 × 5 under a 2 × 2 pool take 1.6 times as much, four 2.4 times.
 */
export const MAX_PACKED_WASTE = 2.5;

/** Fewest examples in a batch for which the batch is made the innermost axis: rows that short are slow to gather. */
export const MIN_INNERMOST_BATCH = 8;

/** Most rows of patches (channels · taps): beyond, plain convolution works in the cache and this does not. */
export const MAX_PATCH_ROWS = 1024;

/** Most rows that the first maximum is found in by a triangular product, whose cost grows with their square. */
export const MAX_TRIANGLE_ROWS = 16;

/** Widest image for which a depthwise kernel's gradient goes over all pairs of columns (depthwise_weight_grad.ts). */
export const MAX_DIAGONAL_WIDTH = 48;

/**
 * Fewest rows of a product to which a bias is added by an operator of its own: Gemm copies the bias into all rows first,
 * on one thread.
 */
export const MIN_ROWS_OF_BIAS = 512;

/** Fewest rows whose sum is a product with ones (leading_sums.ts). */
export const MIN_SUMMED_ROWS = 256;

/**
 * Fewest and most examples in a batch for which dense layers have it as the innermost axis (batch_innermost.ts): fewer
 * fill no vector, and with more the weights are no longer the larger factor.
 */
export const INNERMOST_BATCHES = [16, 256] as const;
