import { FlwrError } from "../../base/error.ts";

/** Encodes a value as Python's `json.dumps` does: separators ", " and ": ", everything beyond ASCII escaped. */
export function pythonJson(value: string | number | readonly number[]): string {
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Encodes a JSON object with its members in the given order. The values are already JSON. */
export function pythonObject(members: Iterable<readonly [key: string, json: string]>): string {
  return `{${Array.from(members, ([key, json]) => `${pythonJson(key)}: ${json}`).join(", ")}}`;
}

const OPEN = /\s*\{\s*/y;
const MEMBER = /"((?:[^"\\]|\\.)*)"\s*:\s*"([^"\\]*)"\s*([,}])\s*/y;
const CLOSE = /\}\s*/y;

/**
 * Parses a JSON object of strings and keeps its order. (JSON.parse would move numeric keys, which most arrays have,
 * to the front.)
 *
 * @throws FlwrError "invalid-argument" for anything else, and for a duplicate key
 */
export function parseOrdered(text: string): Map<string, string> {
  const members = new Map<string, string>();
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const open = match(OPEN, 0);
  if (open === null) throw notJson();
  let at = open[0].length;
  const empty = match(CLOSE, at);
  if (empty !== null && at + empty[0].length === text.length) return members;
  for (let more = true; more;) {
    const member = match(MEMBER, at);
    if (member === null) throw notJson();
    const [whole, name, value, after] = member;
    const key = unescape(name!);
    if (members.has(key)) throw notJson();
    members.set(key, value!);
    at += whole.length;
    more = after === ",";
  }
  if (at !== text.length) throw notJson();
  return members;
}

function unescape(text: string): string {
  try {
    const key: string = JSON.parse(`"${text}"`);
    if (key.isWellFormed()) return key;
  } catch {
    // Thrown below.
  }
  throw notJson();
}

function notJson(): FlwrError {
  return new FlwrError(
    "invalid-argument",
    "Malformed object: its body is not a JSON object of strings",
  );
}
