import { FlwrError } from "../../base/error.ts";

/** A compiled pattern of a .gitignore file. */
interface Pattern {
  readonly regex: RegExp;
  /** False if the pattern begins with "!", which excludes paths that earlier patterns matched. */
  readonly include: boolean;
}

/** Whether patterns match a path. The path is relative, with "/". */
export type PathTest = (path: string) => boolean;

/**
 * Compiles patterns of a .gitignore file, with the semantics of Python's pathspec: the last matching pattern decides,
 * and a pattern for a folder matches everything in it.
 *
 * @throws FlwrError invalid-argument, naming a malformed pattern
 */
export function compilePatterns(patterns: readonly string[]): PathTest {
  const compiled = patterns.map(compile).filter((pattern) => pattern !== undefined).toReversed();
  return (path) => compiled.find(({ regex }) => regex.test(path))?.include ?? false;
}

/** Compiles a pattern; undefined if it has no effect: empty, a comment, or with an unclosed range. */
function compile(written: string): Pattern | undefined {
  const text = written.endsWith("\\ ") ? written : written.trimEnd();
  if (text === "" || text === "/" || text.startsWith("#")) return undefined;
  const include = !text.startsWith("!");
  const source = toRegex((include ? text : text.slice(1)).split("/"), written);
  if (source === undefined) return undefined;
  try {
    return { regex: new RegExp(source, "su"), include };
  } catch (cause) {
    throw malformed(written, cause);
  }
}

function toRegex(segments: string[], written: string): string | undefined {
  if (segments[0] === "") segments.shift();
  else if (segments.length === 1 || (segments.length === 2 && segments[1] === "")) {
    // A name without a slash matches at any depth.
    if (segments[0] !== "**") segments.unshift("**");
  }
  if (segments.length === 0) throw malformed(written);
  const onlyFolders = segments.at(-1) === "";
  if (onlyFolders) segments[segments.length - 1] = "**";
  segments = segments.filter((segment, i) =>
    i === 0 || segment !== "**" || segments[i - 1] !== "**"
  );
  const whole = segments.join("/");
  if (whole === "**") return onlyFolders ? "/" : "";
  if (whole === "**/*") return "";
  if (whole === "**/*/**") return "/";
  let regex = "^";
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === "**") regex += index === 0 ? "(?:.+/)?" : last ? "/" : "(?:/.+)?";
    else {
      if (index > 0 && !(index === 1 && segments[0] === "**")) regex += "/";
      const glob = segment === "*" ? "[^/]+" : toSegmentRegex(segment, written);
      if (glob === undefined) return undefined;
      regex += last ? `${glob}(?:/|$)` : glob;
    }
  }
  return regex;
}

/** The regular expression of one segment; undefined if a "[" is not closed, because Git ignores such a pattern. */
function toSegmentRegex(glob: string, written: string): string | undefined {
  let regex = "";
  const chars = [...glob];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === "*") regex += "[^/]*";
    else if (char === "?") regex += "[^/]";
    else if (char === "\\") {
      const escaped = chars[++i];
      if (escaped === undefined) throw malformed(written);
      regex += RegExp.escape(escaped);
    } else if (char === "[") {
      const negated = chars[i + 1] === "!" || chars[i + 1] === "^";
      const first = i + (negated ? 2 : 1);
      // A leading "]" is one of the characters.
      const end = chars.indexOf("]", first + (chars[first] === "]" ? 1 : 0));
      if (end < 0) return undefined;
      const set = chars.slice(first, end).map((c) => /[\\[\]^]/.test(c) ? `\\${c}` : c).join("");
      regex += `[${negated ? "^" : ""}${set}]`;
      i = end;
    } else regex += RegExp.escape(char);
  }
  return regex;
}

function malformed(pattern: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `Malformed pattern: "${pattern}"`, { cause });
}
