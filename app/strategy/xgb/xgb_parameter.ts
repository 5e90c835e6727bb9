import { FlwrError } from "../../../base/error.ts";
import type { JsonText, Span } from "./json_text.ts";

/** Longest accepted string that is read, in characters: base_score has about 15 per class. */
const MAX_LENGTH = 65_536;

/** A JSON string's content. */
export function text(json: JsonText, span: Span): string {
  // Before parsing: another value may be long.
  if (json.text[span.from] !== '"' || span.to - span.from > MAX_LENGTH) {
    const got = json.text.slice(span.from, Math.min(span.to, span.from + 20));
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model has ${got}, expected a string of at most ${MAX_LENGTH} characters`,
    );
  }
  return JSON.parse(json.slice(span)) as string;
}

/** A number in a JSON string, as XGBoost writes its parameters. */
export function count(json: JsonText, span: Span): number {
  const digits = text(json, span);
  if (/^\d{1,9}$/.test(digits)) return Number(digits);
  throw new FlwrError(
    "invalid-argument",
    `XGBoost model has "${digits.slice(0, 20)}", expected a whole number`,
  );
}
