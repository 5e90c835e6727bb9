import { FlwrError } from "../../base/error.ts";
import type { Languages } from "../component.ts";
import { MAX_FOLDER_DEPTH } from "../limits.ts";
import { compilePatterns } from "./pattern.ts";
import { FILE_RULES } from "./rules.ts";

/** What an app's own files say about what goes into its bundle. */
export interface Selection {
  readonly language: Languages;
  /** The lines of the .gitignore file at the app's top. */
  readonly ignored: readonly string[];
  /** `fab-include`: only what one of these matches; undefined for all. */
  readonly include?: readonly string[];
  /** `fab-exclude`: nothing that one of these matches. */
  readonly exclude?: readonly string[];
}

/**
 * Chooses which files go into a bundle beside its manifest.
 *
 * @param paths all files of the app's folder, relative, with "/"
 * @returns the chosen ones, sorted by code points as Python sorts texts
 * @throws FlwrError "invalid-argument" naming a file that lies too deep, or a pattern that matches no file
 */
export function selectFiles(paths: readonly string[], selection: Selection): string[] {
  const { kinds, hidden, left } = FILE_RULES[selection.language];
  const [isOfKind, isHidden, isLeft, isIgnored] = [kinds, hidden, left, selection.ignored]
    .map(compilePatterns) as [Test, Test, Test, Test];
  const candidates = paths.filter((path) => isOfKind(path) && !isHidden(path) && !isIgnored(path));
  const deep = candidates.find((path) => path.split("/").length - 1 > MAX_FOLDER_DEPTH);
  if (deep !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `"${deep}" lies deeper than the ${MAX_FOLDER_DEPTH} folders that a bundle may have`,
      { hints: ["If it is not part of the app, leave it out by a line in .gitignore"] },
    );
  }
  const isIncluded = userTest(selection.include, "fab-include", candidates) ?? (() => true);
  const isExcluded = userTest(selection.exclude, "fab-exclude", candidates) ?? (() => false);
  return candidates
    .filter((path) => isIncluded(path) && !isExcluded(path) && !isLeft(path))
    .toSorted(compareCodePoints);
}

type Test = ReturnType<typeof compilePatterns>;

/** The test of an app's own patterns, each of which must match a file: one that does not is a slip. */
function userTest(
  patterns: readonly string[] | undefined,
  key: string,
  candidates: readonly string[],
): Test | undefined {
  if (patterns === undefined) return undefined;
  for (const pattern of patterns) {
    if (!candidates.some(compilePatterns([pattern]))) {
      throw new FlwrError(
        "invalid-argument",
        `"${key}" in [tool.flwr.app] has a pattern that matches no file: "${pattern}"`,
        { hints: ["Correct it, or leave it out"] },
      );
    }
  }
  return compilePatterns(patterns);
}

/** JavaScript's own order differs for characters beyond the first 65,536. */
function compareCodePoints(a: string, b: string): number {
  const [x, y] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [left, right] = [x.next(), y.next()];
    if (left.done || right.done) return Number(!left.done) - Number(!right.done);
    const order = left.value.codePointAt(0)! - right.value.codePointAt(0)!;
    if (order !== 0) return order;
  }
}
