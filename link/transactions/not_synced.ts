import { FlwrError } from "../../base/error.ts";

/**
 * A transaction was committed, but the disk has not confirmed it. Its caller tries again; what it brought about has
 * happened, and others must hear of it.
 */
export class NotSynced extends FlwrError {
  /**
   * @param result what the transaction's work returned
   * @param error why the disk did not confirm it
   */
  constructor(readonly result: unknown, { message, hints, cause }: FlwrError) {
    super("unavailable", message, { hints, cause });
  }
}
