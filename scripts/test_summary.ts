/** The colours in what `deno test` prints. */
// deno-lint-ignore no-control-regex -- colour codes start with the escape character
export const COLOURS = /\x1b\[[0-9;]*m/g;
/** The last line of `deno test`: `ok | 12 passed (3 steps) | 0 failed | 1 ignored | … (2s)`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(.*)$/m;
const IGNORED = /\| (\d+) ignored/;

/** The result of a test run, in numbers of tests; a file that cannot be loaded counts as one failed test. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the counts from the output of `deno test`.
 *
 * @returns undefined if there is no summary, because no test ran
 */
export function parseTestSummary(output: string): TestSummary | undefined {
  const match = SUMMARY.exec(output.replace(COLOURS, ""));
  if (match === null) return undefined;
  const [, passed, failed, rest] = match;
  return {
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(IGNORED.exec(rest ?? "")?.[1] ?? 0),
  };
}

/** The summary in one line: `3 passed, 0 failed`, with `, 1 skipped` if there are any. */
export function formatTestSummary({ passed, failed, skipped }: TestSummary): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
