/** Seconds in which the SuperLink is told what became of the runs when the SuperExec ends. */
export const FAREWELL_SECONDS = 10;

/** Seconds that open calls of a program may take once it has ended, and the health service's. */
export const CLOSE_SECONDS = 1;
