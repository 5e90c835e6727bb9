/**
 * Microseconds that idle threads of a session wait busily for the next operator before they sleep. ONNX Runtime's
 * own default spins far longer and takes the core from whatever else runs there; without spinning a step is 20 % slower.
 */
export const SPIN_MICROSECONDS = 100;

/** Most threads that a session may be asked for. */
export const MAX_THREADS = 256;

/** Most dimensions of a tensor from another thread that is not trusted; numpy's arrays have at most 64. */
export const MAX_RANK = 64;

/** Longest name of a model or tensor from there, in characters. */
export const MAX_NAME_LENGTH = 1024;

/** Most names in one call from there: parameters of a large network with all that its optimiser keeps. */
export const MAX_NAMES = 65_536;

/** Most calls from there that may wait for their answer: a model never has more than a few under way. */
export const MAX_WAITING_CALLS = 64;

/** Most models from there that are open at once: one for each kind of step of one network. */
export const MAX_OPEN_MODELS = 64;

/** Most bytes of one model from there: tables and constants, for parameters are inputs. */
export const MAX_LOADED_MODEL_BYTES = 512 * 1024 ** 2;
