import { parse, TomlError, type TomlValue } from "smol-toml";
import { FlwrError } from "../base/error.ts";
import { ConfigRecord } from "./config_record.ts";
import { float } from "./float.ts";
import type { ConfigInput } from "./typed_value.ts";

/** Longest accepted text of key-value pairs, in characters. */
const MAX_CONFIG_STRING_LENGTH = 65_536;

/** A key as Flower allows it: letters, digits, `_`, `-`, `.`; or anything in double quotes. */
const KEY = /(?:[A-Za-z0-9_.-]+|"(?:[^"\\]|\\.)*")/y;
const SPACE = /[\s,]*/y;
const EQUALS = /\s*=\s*/y;
/** A string without quotes. */
const BARE_TEXT = /^[A-Za-z_./~-][\w./~:@+-]*$/;
/** A quoted string of TOML, which is skipped as a whole when the end of a value is searched. */
const TEXT = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;

/**
 * Parses settings in the format of Flower's `--node-config` and `--run-config`: `key=value` pairs separated by spaces
 * or commas, where each value is a TOML scalar or a list of scalars.
 *
 * @example
 * ```ts
 * parseConfigString('partition-id=0 num-partitions=2 name="x"').number("partition-id"); // 0
 * ```
 *
 * @param text the pairs
 * @param what name of the text in error messages, such as "--node-config"
 * @throws FlwrError "invalid-argument" that names the position (from 1) and the fault
 */
export function parseConfigString(text: string, what = "Configuration"): ConfigRecord {
  const pairs = parsePairs(text, what, {
    read: toInput,
    expected: "a number, true, false, a quoted text or a list",
  });
  return new ConfigRecord([...pairs]);
}

/** What the values of pairs can be. */
export interface PairValues<Value> {
  /** Converts a value; undefined for one that is refused. */
  readonly read: (value: TomlValue) => Value | undefined;
  /** What a value must be, for errors. */
  readonly expected: string;
}

/**
 * Parses `key=value` pairs as {@link parseConfigString} does, with other values.
 *
 * @param text the pairs
 * @param what name of the text in error messages
 * @throws FlwrError "invalid-argument" that names the position (from 1) and the fault
 */
export function parsePairs<Value>(
  text: string,
  what: string,
  { read, expected }: PairValues<Value>,
): Map<string, Value> {
  if (text.length > MAX_CONFIG_STRING_LENGTH) {
    throw new FlwrError(
      "invalid-argument",
      `${what} must have at most ${MAX_CONFIG_STRING_LENGTH} characters: got ${text.length}`,
    );
  }
  const config = new Map<string, Value>();
  let at = skip(SPACE, text, 0);
  while (at < text.length) {
    const fail = (position: number, problem: string, hints: readonly string[] = []) =>
      new FlwrError("invalid-argument", `${what}, character ${position + 1}: ${problem}`, {
        hints: [...hints, `Write pairs as in 'partition-id=0 num-partitions=2 name="x"'`],
      });
    const keyEnd = skip(KEY, text, at);
    if (keyEnd === at) throw fail(at, `expected a key, got "${text[at]}"`);
    const name = text.slice(at, keyEnd);
    const key = name.startsWith('"') ? readValue(name) : name;
    if (typeof key !== "string") throw fail(at, `${name} is not a valid quoted key`);
    if (config.has(key)) throw fail(at, `"${key}" occurs twice`);
    const valueStart = skip(EQUALS, text, keyEnd);
    if (valueStart === keyEnd) throw fail(keyEnd, `expected "=" after "${key}"`);
    const valueEnd = endOfValue(text, valueStart);
    if (valueEnd === valueStart) throw fail(valueStart, `"${key}" has no value`);
    const source = text.slice(valueStart, valueEnd);
    const parsed = readValue(source);
    const value = parsed === undefined ? undefined : read(parsed);
    if (value === undefined) {
      // The usual cause is the shell, which removes the quotes of name="x".
      const hint = BARE_TEXT.test(source)
        ? [`Quote the text, and quote the pair for the shell: '${name}="${source}"'`]
        : [];
      const problem = `${source} is not ${expected}`;
      throw fail(valueStart, problem, hint);
    }
    config.set(key, value);
    at = skip(SPACE, text, valueEnd);
  }
  return config;
}

/** The end of a match of a sticky pattern at `from`; `from` if it does not match. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** The end of a value: the first space or comma outside of quotes and brackets. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      const end = skip(TEXT, text, at);
      if (end === at) return text.length; // unterminated: TOML reports it
      at = end;
      continue;
    }
    if (char === "[") depth++;
    if (char === "]") depth--;
    if (depth <= 0 && /[\s,]/.test(char)) break;
    at++;
  }
  return at;
}

/** Parses a TOML value; undefined for anything else. */
function readValue(source: string): TomlValue | undefined {
  try {
    return parse(`value = ${source}`, { integersAsBigInt: true }).value;
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

/** Converts a scalar or a list of scalars of one type; undefined for anything else. */
function toInput(value: TomlValue): ConfigInput | undefined {
  switch (typeof value) {
    case "number":
      return float(value);
    case "bigint":
    case "boolean":
    case "string":
      return value;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((item) => typeof item === "number")) return float(value);
  if (value.every((item) => typeof item === "bigint")) return value;
  if (value.every((item) => typeof item === "boolean")) return value;
  if (value.every((item) => typeof item === "string")) return value;
  return undefined;
}
