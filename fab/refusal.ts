import { FlwrError } from "../base/error.ts";

/** The error of a bundle that is not what Flower makes. @param how the rest of a sentence, without a full stop */
export function refused(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `App bundle is refused: ${how}`, { cause });
}

/** The error of a bundle that is beyond a limit. */
export function tooLarge(how: string): FlwrError {
  return new FlwrError("resource-exhausted", `App bundle is too large: ${how}`);
}
