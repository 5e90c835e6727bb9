/** Seconds without a new line after which what there is of a running run's log has come. */
export const QUIET_SECONDS = 1;
