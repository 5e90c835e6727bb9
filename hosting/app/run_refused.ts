import type { Failure } from "./failure.ts";

/** Why every message of a run is answered with an error. */
export class RunRefused extends Error {
  override readonly name = "RunRefused";

  /** What went wrong. */
  readonly failure: Failure;

  /**
   * @param code one of MessageErrorCode, for the error reply; `reason` is its whole sentence
   * @param options `failure`: default: the reason, which then holds nothing of the node and its data
   */
  constructor(
    readonly code: number,
    reason: string,
    { cause, failure }: { readonly cause?: unknown; readonly failure?: Failure } = {},
  ) {
    super(reason, { cause });
    this.failure = failure ?? { told: reason, details: reason };
  }
}
