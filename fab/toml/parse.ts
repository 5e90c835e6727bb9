import { parse, TomlError } from "smol-toml";
import { FlwrError } from "../../base/error.ts";
import { hideNumericKeys } from "./numeric_keys.ts";
import { type TomlTable, TomlTime, type TomlValue } from "./value.ts";

/** Bytes of a pyproject.toml or flwr.toml that is parsed. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** Structures within structures that a pyproject.toml may have. */
const MAX_TOML_DEPTH = 64;

/**
 * Reads a TOML file as Python's tomli does: line ends become "\n", the order of keys is kept, whole numbers differ from
 * floating-point ones, and times have microseconds.
 *
 * @param bytes the file, UTF-8
 * @param where the file's name, for the error sentence
 * @throws FlwrError "invalid-argument" naming the line, "resource-exhausted" for a file beyond the limit
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

/** What the conversion of a value needs to know. */
interface Place {
  readonly mark: string;
  readonly where: string;
  /** How many tables and lists the value is in: dotted keys nest without any bracket that the parser would count. */
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
    `"${place.where}" has more than ${MAX_TOML_DEPTH} tables and lists within each other`,
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

/** A date or time as Python's `str` writes it; undefined for anything else. */
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

/** `hh:mm:ss`, with six digits of microseconds unless they are zero; more digits are cut off, as tomli does. */
function clock(
  time: Temporal.PlainTime | Temporal.PlainDateTime | Temporal.ZonedDateTime,
): string {
  const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");
  const whole = `${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}`;
  const micros = time.millisecond * 1000 + time.microsecond;
  return micros === 0 ? whole : `${whole}.${pad(micros, 6)}`;
}
