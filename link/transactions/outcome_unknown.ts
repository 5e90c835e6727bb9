import { FlwrError, type FlwrErrorOptions } from "../../base/error.ts";

/** Error of a transaction that may have been committed: the connection to the database was lost meanwhile. */
export class OutcomeUnknown extends FlwrError {
  constructor(options: FlwrErrorOptions) {
    super(
      "unavailable",
      "The SuperLink lost its database while it stored the change: the outcome is unknown",
      options,
    );
  }
}
