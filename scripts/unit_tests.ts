/**
 * The options of `deno test` for the unit tests: all tests next to their source files, without the permission to start
 * processes. Tests that start one are registered with `testWithAllRights` and ignored here; others would fail.
 *
 * Excluded: `tests/`, whose tests cross rooms, and `ml/lower/blocked`, which trains random networks for its passes and
 * takes as long as ten other folders.
 */
export const UNIT_TESTS: readonly string[] = [
  "--deny-run",
  "--no-check", // deno task check checks types
  "--ignore=tests,ml/lower/blocked,node_modules,.cache,dist",
];
