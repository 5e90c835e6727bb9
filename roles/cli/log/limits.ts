/**
 * Seconds without a new line after which what there is of a running run's log has come, from a SuperLink that does not say
 * so: Flower's, or an earlier one of ours.
 */
export const QUIET_SECONDS = 1;

/** The same before the first line, which may be a long log that takes its time. */
export const FIRST_LINE_SECONDS = 10;

/** Seconds that the next part of a log may take of which the SuperLink has said that more is to come. */
export const PART_SECONDS = 120;
