/** Name of the artifact with a run's history. */
export const HISTORY_FILE = "history.json";

/**
 * Most bytes of this file as an app writes it. 10,000 rounds with ten metrics take about 6 MB. A longer history has not
 * all of its rounds.
 */
export const MAX_HISTORY_BYTES: number = 4 * 2 ** 20;
