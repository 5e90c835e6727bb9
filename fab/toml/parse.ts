import { parse, TomlError } from "smol-toml";
import { FlwrError } from "../../base/error.ts";
import { hideNumericKeys } from "./numeric_keys.ts";
import { type TomlTable, TomlTime, type TomlValue } from "./value.ts";

/** Largest pyproject.toml or flwr.toml, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** Largest nesting depth of a TOML file. */
const MAX_TOML_DEPTH = 64;

/**
 * Parses a TOML file like Python's tomli: normalises line ends to "\n", keeps the order of keys, distinguishes integers
 * from floats, and gives times microseconds.
 *
 * @param bytes the file, in UTF-8
 * @param where name of the file, for errors
 * @throws FlwrError invalid-argument, naming the line; resource-exhausted if the file is too large
 */
export function parseToml(bytes: Uint8Array, where: string): TomlTable {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `"${where}" is larger than ${MAX_MANIFEST_BYTES} bytes: ${bytes.length}`,
    );
  }
  const { source, mark } = hideNumericKeys(decode(bytes, where).replaceAll("\r\n", "\n"));
  try {
    const parsed: unknown = parse(source, {
      integersAsBigInt: true,
      useLegacyDate: false,
      maxDepth: MAX_TOML_DEPTH,
    });
    return toTable(parsed as Record<string, unknown>, { mark, where, depth: 0 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = "cannot be read"] = error.message.split("\n");
    throw new FlwrError(
      "invalid-argument",
      `"${where}" is not valid TOML, line ${error.line}: ${
        reason.replace(/^Invalid TOML document: /, "")
      }`,
      { cause: error },
    );
  }
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FlwrError("invalid-argument", `"${where}" is not UTF-8 text`, { cause });
  }
}

/** Context of the conversion of a value. */
interface Place {
  readonly mark: string;
  readonly where: string;
  /** Depth of tables and lists around the value. Counted here, too, because the parser does not count dotted keys. */
  readonly depth: number;
}

function toTable(parsed: Record<string, unknown>, place: Place): TomlTable {
  const inside = deeper(place);
  return new Map(
    Object.entries(parsed).map(([key, value]) => [
      key.startsWith(place.mark) ? key.slice(place.mark.length) : key,
      toValue(value, inside),
    ]),
  );
}

function deeper(place: Place): Place {
  const depth = place.depth + 1;
  if (depth <= MAX_TOML_DEPTH) return { ...place, depth };
  throw new FlwrError(
    "invalid-argument",
    `"${place.where}" has more than ${MAX_TOML_DEPTH} nested tables and lists`,
  );
}

function toValue(value: unknown, place: Place): TomlValue {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
    case "number":
      return value;
  }
  if (Array.isArray(value)) return value.map((item) => toValue(item, deeper(place)));
  const time = timeText(value);
  return time === undefined ? toTable(value as Record<string, unknown>, place) : new TomlTime(time);
}

/** Formats a date or time like Python's `str`; undefined for anything else. */
function timeText(value: unknown): string | undefined {
  if (value instanceof Temporal.PlainDate) return value.toString();
  if (value instanceof Temporal.PlainTime) return clock(value);
  if (value instanceof Temporal.PlainDateTime) {
    return `${value.toPlainDate()} ${clock(value)}`;
  }
  if (value instanceof Temporal.ZonedDateTime) {
    return `${value.toPlainDate()} ${clock(value)}${value.offset}`;
  }
  return undefined;
}

/** `hh:mm:ss`, with six digits of microseconds unless they are zero. Truncates further digits, like tomli. */
function clock(
  time: Temporal.PlainTime | Temporal.PlainDateTime | Temporal.ZonedDateTime,
): string {
  const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const whole = `${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}`;
  const micros = time.millisecond * 1000 + time.microsecond;
  return micros === 0 ? whole : `${whole}.${pad(micros, 6)}`;
}
