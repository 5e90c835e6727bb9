/**
 * Examples per step of an evaluation. Small networks are measured to be fastest at 32 to 96, depending on how large the
 * processor's cache is; larger ones at 16 to 32, where what passes between layers stays in the cache.
 */
export const EVALUATION_BATCH = 32;

/** Seconds that one call into ONNX Runtime should take: progress comes and cancelling works this often. */
export const SLICE_SECONDS = 0.03;

/** Most steps in one call, which bounds the memory for what the steps yield. */
export const MAX_SLICE_STEPS = 2048;

/** Calls that are handed to the training thread ahead of time, so that it never waits for the next. */
export const SLICES_IN_FLIGHT = 2;

/** Data sets that stay in the training thread's memory; of more, the one used longest ago goes. */
export const RESIDENT_DATASETS = 4;

/**
 * What a learning rate of 0 is taken for: no weight moves by it, but a momentum that is kept times the rate is not
 * forgotten.
 */
export const MIN_LEARNING_RATE = 1e-30;

/** Channels of a block that ONNX Runtime has operators for, on processors with AVX-512 and on others. */
export const BLOCK_SIZES = [16, 8] as const;

/** Largest error of convolutions on blocks, relative to the largest number, that is rounding. */
export const MAX_BLOCK_ERROR = 1e-5;

/** Most examples at once of a network whose outputs depend on which examples come together. */
export const MAX_MIXED_EXAMPLES = 4096;
