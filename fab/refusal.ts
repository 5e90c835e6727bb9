import { FlwrError } from "../base/error.ts";

/** Longest quoted text in an error message, in characters. */
const MAX_QUOTED = 200;

/** Quotes a text from a FAB for an error message, and shortens it if it is long. */
export function quoted(text: string): string {
  return text.length <= MAX_QUOTED ? `"${text}"` : `"${text.slice(0, MAX_QUOTED)}…"`;
}

/** Error for an invalid FAB. @param how end of the sentence, without a full stop */
export function refused(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `App bundle is invalid: ${how}`, { cause });
}

/** Error for a FAB beyond a limit. */
export function tooLarge(how: string): FlwrError {
  return new FlwrError("resource-exhausted", `App bundle is too large: ${how}`);
}
