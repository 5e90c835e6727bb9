import { FlwrError } from "../../base/error.ts";
import type { Languages } from "../component.ts";
import { MAX_FOLDER_DEPTH } from "../limits.ts";
import { compilePatterns } from "./pattern.ts";
import { FILE_RULES } from "./rules.ts";

/** An app's own rules for the files of its FAB. */
export interface Selection {
  readonly language: Languages;
  /** Lines of the top-level .gitignore file. */
  readonly ignored: readonly string[];
  /** `fab-include`: only files that match one of these patterns; undefined for all files. */
  readonly include?: readonly string[];
  /** `fab-exclude`: no files that match one of these patterns. */
  readonly exclude?: readonly string[];
}

/**
 * Selects the files of a FAB, without its manifest.
 *
 * @param paths all files of the app's folder, relative, with "/"
 * @returns the selected files, sorted by code points like in Python
 * @throws FlwrError invalid-argument, naming a file that is nested too deeply, or a pattern that matches no file
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
      `"${deep}" is nested in more than ${MAX_FOLDER_DEPTH} folders`,
      { hints: ["If it is not part of the app, exclude it in .gitignore"] },
    );
  }
  const isIncluded = userTest(selection.include, "fab-include", candidates) ?? (() => true);
  const isExcluded = userTest(selection.exclude, "fab-exclude", candidates) ?? (() => false);
  return candidates
    .filter((path) => isIncluded(path) && !isExcluded(path) && !isLeft(path))
    .toSorted(compareCodePoints);
}

type Test = ReturnType<typeof compilePatterns>;

/** Compiles an app's own patterns. Each must match a file, because one that does not is a mistake. */
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
        { hints: ["Correct or remove the pattern"] },
      );
    }
  }
  return compilePatterns(patterns);
}

/** Compares texts by code points. JavaScript's own order differs beyond the first 65,536 characters. */
function compareCodePoints(a: string, b: string): number {
  const [x, y] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [left, right] = [x.next(), y.next()];
    if (left.done || right.done) return Number(!left.done) - Number(!right.done);
    const order = left.value.codePointAt(0)! - right.value.codePointAt(0)!;
    if (order !== 0) return order;
  }
}
