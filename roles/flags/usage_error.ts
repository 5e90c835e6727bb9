import { FlwrError } from "../../base/error.ts";

/** A command line that cannot be understood: the command ends with exit status 2, as for an unknown option. */
export class UsageError extends FlwrError {}

/**
 * Reads what a flag gives, before anything else is done.
 *
 * @param read throws FlwrError "invalid-argument" when the text cannot be understood
 * @throws UsageError for such an error, with its sentence and hints; any other error as it is
 */
export function readingFlag<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code !== "invalid-argument") throw error;
    throw new UsageError(error.code, error.message, { hints: error.hints, cause: error });
  }
}
