/**
 * Microseconds that idle threads of a session wait busily for the next operator before they sleep. ONNX Runtime's
 * own default spins far longer and takes the core from whatever else runs there; without spinning a step is 20 % slower.
 */
export const SPIN_MICROSECONDS = 100;

/** Most threads that a session may be asked for. */
export const MAX_THREADS = 256;
