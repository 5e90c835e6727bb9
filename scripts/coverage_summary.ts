/** The number of a file's lines, and of those that tests have run. */
export interface FileCoverage {
  readonly file: string;
  readonly lines: number;
  readonly covered: number;
}

/**
 * Reads a report of `deno coverage --lcov`.
 *
 * @param root the project's folder; files elsewhere, and test files, are ignored
 */
export function parseLcov(text: string, root: string): readonly FileCoverage[] {
  const folder = root.endsWith("/") ? root : `${root}/`;
  return text.split("end_of_record").flatMap((record) => {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (path === undefined || !path.startsWith(folder)) return [];
    const file = path.slice(folder.length);
    const [lines, covered] = ["LF", "LH"].map((key) =>
      Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0)
    );
    return NOT_COUNTED.test(file) || lines === 0
      ? []
      : [{ file, lines: lines!, covered: covered! }];
  });
}

/** Tests and their helpers, generated code, and packages. */
const NOT_COUNTED =
  /(^|\/)(testing|node_modules|\.cache)\/|(_test|testing|(^|_)fixture)\.ts$|^(tests|proto\/gen)\//;

/** The total and the files with the lowest coverage, as lines of text. */
export function formatCoverage(files: readonly FileCoverage[], count: number): string {
  const sum = (key: "lines" | "covered") => files.reduce((total, file) => total + file[key], 0);
  const percent = (covered: number, lines: number) =>
    `${(100 * covered / Math.max(lines, 1)).toFixed(1).padStart(5)} %`;
  const least = files.toSorted((a, b) =>
    a.covered / a.lines - b.covered / b.lines || b.lines - a.lines
  ).slice(0, count);
  return [
    `${percent(sum("covered"), sum("lines"))} of ${sum("lines")} lines in ${files.length} files; ` +
    "the least covered are:",
    ...least.map(({ file, lines, covered }) => `${percent(covered, lines)} of ${lines}  ${file}`),
  ].join("\n");
}
