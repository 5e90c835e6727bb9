/** The folder that a run's artifacts are put into where nothing else is said: in the folder that one is in. */
export function runFolder(runId: bigint): string {
  return `run-${runId}`;
}
