/**
 * The options of `deno test` for the unit tests: all tests next to their source files, without the permission to start
 * processes. Tests that start one are registered with `testWithAllRights` and ignored here; others would fail.
 */
export const UNIT_OPTIONS: readonly string[] = ["--deny-run"];

/**
 * Folders without unit tests: `tests`, whose tests cross rooms, and `ml/lower/blocked`, which trains random networks for
 * its passes and takes as long as ten other folders.
 */
export const NO_UNIT_TESTS: readonly string[] = ["tests", "ml/lower/blocked"];

/** Folders of `tests` whose files can share a thread as those of the rooms do: they start no process. */
const SHARING: readonly string[] = ["tests/architecture/", "tests/ml/"];

/**
 * Whether a test file shares its thread with others. The files of `tests` do not: most of them wait for processes, and
 * many files are spread better over the threads.
 */
export function sharesThread(file: string): boolean {
  return !file.startsWith("tests/") || SHARING.some((folder) => file.startsWith(folder));
}
