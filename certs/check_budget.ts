import { MAX_NAME_COMPARISONS, MAX_SIGNATURES } from "./limits.ts";

/**
 * Limit of the work for one check of a server's files. It equals rustls's limit for a connection (webpki's `Budget`),
 * so clients would refuse files that need more.
 */
export class CheckBudget {
  #signatures = MAX_SIGNATURES;
  #comparisons = MAX_NAME_COMPARISONS;

  /** Whether a limit was exceeded. Clients then try no further chains. */
  get isExceeded(): boolean {
    return this.#signatures < 0 || this.#comparisons < 0;
  }

  /** Counts one signature to verify. @returns false if the limit is exceeded */
  takeSignature(): boolean {
    return --this.#signatures >= 0;
  }

  /** Counts comparisons of names with constraints. @returns false if the limit is exceeded */
  takeComparisons(count: number): boolean {
    this.#comparisons -= count;
    return this.#comparisons >= 0;
  }
}
