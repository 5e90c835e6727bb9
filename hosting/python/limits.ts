/** Seconds that a process has to end after SIGINT before it is killed: `flwr stop` is done within two. */
export const INTERRUPT_GRACE_SECONDS = 1;

/** Last bytes of a Python process' output that are kept to explain how it ended. */
export const MAX_OUTPUT_TAIL_BYTES = 16 * 1024;
