import { MAX_NAME_COMPARISONS, MAX_SIGNATURES } from "./limits.ts";

/**
 * The work that one check of a server's files may do. rustls (webpki's `Budget`) does as much for each connection, and then
 * refuses the certificate, so that files which need more are of no use to clients.
 */
export class CheckBudget {
  #signatures = MAX_SIGNATURES;
  #comparisons = MAX_NAME_COMPARISONS;

  /** Whether more was asked for than there is: clients look at no other chain then. */
  get isExceeded(): boolean {
    return this.#signatures < 0 || this.#comparisons < 0;
  }

  /** Takes one signature to verify. @returns false where there is none left */
  takeSignature(): boolean {
    return --this.#signatures >= 0;
  }

  /** Takes comparisons of names with constraints. @returns false where fewer are left */
  takeComparisons(count: number): boolean {
    this.#comparisons -= count;
    return this.#comparisons >= 0;
  }
}
