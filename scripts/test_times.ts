import { COLOURS } from "./test_summary.ts";

/** The tests of one file. */
export interface FileTime {
  readonly file: string;
  /** Total duration of its tests. */
  readonly seconds: number;
}

/** A test's line of `deno test --parallel`: `./a/b_test.ts => its name ... ok (1m2s)`. */
const TEST = /^(?:\.\/)?(\S+) => .* \.\.\. (?:ok|FAILED) \((?:(\d+)m)?(?:(\d+)(s|ms|µs))?\)$/gm;
const UNITS = { s: 1, ms: 1e-3, µs: 1e-6 };

/**
 * Finds the files that took longest in the output of `deno test --parallel`. (Deno's JUnit report names the file that
 * registered a test, which can be a helper.)
 */
export function slowestFiles(output: string, count: number): readonly FileTime[] {
  const files = new Map<string, number>();
  for (const [, file, minutes, number, unit] of output.replace(COLOURS, "").matchAll(TEST)) {
    const seconds = Number(minutes ?? 0) * 60 +
      Number(number ?? 0) * UNITS[(unit ?? "s") as keyof typeof UNITS];
    files.set(file!, (files.get(file!) ?? 0) + seconds);
  }
  return [...files].map(([file, seconds]) => ({ file, seconds }))
    .sort((a, b) => b.seconds - a.seconds).slice(0, count);
}

/** The files as lines, slowest first. */
export function formatFileTimes(files: readonly FileTime[]): string {
  return files.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`).join(
    "\n",
  );
}
