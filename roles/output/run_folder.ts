/** The default folder for a run's artifacts, relative to the working directory. */
export function runFolder(runId: bigint): string {
  return `run-${runId}`;
}
