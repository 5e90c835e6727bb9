import { MAX_NAME_COMPARISONS, MAX_SIGNATURES } from "./limits.ts";

/**
 * The work that one check of a server's files may do. rustls (webpki's `Budget`) does as much for each connection, and then
 * refuses the certificate, so that files which need more are of no use to clients.
 */
export class CheckBudget {
  #signatures = MAX_SIGNATURES;
  #comparisons = MAX_NAME_COMPARISONS;

  /** Whether there is no signature left to verify. */
  get hasNoSignature(): boolean {
    return this.#signatures === 0;
  }

  /** Takes one signature to verify. @returns false where there is none left */
  takeSignature(): boolean {
    if (this.#signatures === 0) return false;
    this.#signatures--;
    return true;
  }

  /** Takes comparisons of names with constraints. @returns false where fewer are left, and none is left then */
  takeComparisons(count: number): boolean {
    const isLeft = count <= this.#comparisons;
    this.#comparisons = isLeft ? this.#comparisons - count : 0;
    return isLeft;
  }
}
