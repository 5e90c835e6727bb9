import { FlwrError } from "../base/error.ts";

/** Characters of a text from a bundle that a sentence quotes. */
const MAX_QUOTED = 200;

/** A text from a bundle in quotes, cut where it is long: a sentence stays one that can be read. */
export function quoted(text: string): string {
  return text.length <= MAX_QUOTED ? `"${text}"` : `"${text.slice(0, MAX_QUOTED)}…"`;
}

/** The error of a bundle that is not what Flower makes. @param how the rest of a sentence, without a full stop */
export function refused(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `App bundle is refused: ${how}`, { cause });
}

/** The error of a bundle that is beyond a limit. */
export function tooLarge(how: string): FlwrError {
  return new FlwrError("resource-exhausted", `App bundle is too large: ${how}`);
}
