import { FlwrError } from "../../base/error.ts";

/** The provider could not be asked. Clients try again later; a 401 would make each of them log in again. */
export class ProviderUnavailable extends FlwrError {
  constructor(cause: unknown) {
    super(
      "unavailable",
      "The SuperLink cannot reach its identity provider now, so it cannot check accounts: try again later",
      { cause },
    );
  }
}
