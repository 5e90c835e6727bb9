/** Characters of the type checker's output that are shown. */
export const MAX_CHECK_OUTPUT = 20_000;

/** Apps that are remembered to have passed the check; then all are forgotten. Each takes an empty file. */
export const MAX_PASSED_CHECKS = 500;

/** Seconds that a check of an app's types may take: it takes one. */
export const CHECK_SECONDS = 120;
