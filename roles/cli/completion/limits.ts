/** Milliseconds that a shell's user waits for ids: a SuperLink that is further away is not asked. */
export const ASK_MILLISECONDS = 700;
