/** Characters of the type checker's output that are shown. */
export const MAX_CHECK_OUTPUT = 20_000;
