/**
 * The test files that take longest, in seconds by themselves on two processors. All tests start with them, longest first,
 * so that none of them still runs when the others are done. Most of them wait for processes, so the groups of unit tests
 * beside them find free processors. Files that are not listed take less than 15 s.
 */
export const LONG_TESTS: Readonly<Record<string, number>> = {
  "tests/interop/flwr_1_9_test.ts": 78,
  "tests/interop/their_superlink_test.ts": 60,
  "tests/interop/our_superlink_test.ts": 55,
  "tests/interop/our_superlink_versions_test.ts": 55,
  "tests/readme/readme_test.ts": 60,
  "tests/e2e/resume_test.ts": 82,
  "tests/e2e/simulation_test.ts": 57,
  "tests/e2e/postgres_test.ts": 52,
  "tests/link/soak_test.ts": 49,
  "tests/e2e/object_store_test.ts": 45,
  "tests/packaging/executable_test.ts": 44,
  "tests/security/attacks/attacks_test.ts": 36,
  "tests/e2e/secure_aggregation_test.ts": 29,
  "tests/interop/restart_test.ts": 25,
  "tests/interop/superexec_test.ts": 23,
  "tests/e2e/simulation_workers_test.ts": 23,
  "tests/interop/secagg_test.ts": 16,
  "tests/link/twins_test.ts": 23,
  "tests/e2e/crash_test.ts": 21,
  "tests/e2e/sweep_test.ts": 21,
  "tests/interop/quickstart_test.ts": 20,
  "tests/e2e/slurm_test.ts": 19,
  "tests/link/crash_test.ts": 18,
  "tests/e2e/chaos/chaos_test.ts": 18,
  "tests/link/object_store_test.ts": 16,
  "tests/link/s3_store_test.ts": 16,
};

/** Puts the files of {@link LONG_TESTS} first, longest first; the others keep their order. */
export function longestFirst(files: readonly string[]): string[] {
  const seconds = (file: string) => LONG_TESTS[file] ?? 0;
  return files.toSorted((a, b) => seconds(b) - seconds(a));
}
