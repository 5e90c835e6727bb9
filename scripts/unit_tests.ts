/**
 * The options of `deno test` for the unit tests: all tests that stand beside their file, without the permission to start
 * processes. A test that starts one is registered with `testWithAllRights`, and ignored here; another one fails.
 *
 * Left out: `tests/`, whose tests cross rooms, and `ml/lower/blocked`, which trains random networks for its passes and
 * takes as long as ten other folders.
 */
export const UNIT_TESTS: readonly string[] = [
  "--deny-run",
  "--no-check", // deno task check does
  "--ignore=tests,ml/lower/blocked,node_modules,.cache,dist",
];
