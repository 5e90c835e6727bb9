import type { Failure } from "./failure.ts";

/** A run whose app cannot be used on this node. Every message of the run gets an error reply with this reason. */
export class RunRefused extends Error {
  override readonly name = "RunRefused";

  readonly failure: Failure;

  /**
   * @param code a MessageErrorCode, for the error reply
   * @param reason the text of the error reply
   * @param options `failure`: default: the reason, which must then contain nothing of the node and its data
   */
  constructor(
    readonly code: number,
    reason: string,
    { cause, failure }: { readonly cause?: unknown; readonly failure?: Failure } = {},
  ) {
    super(reason, { cause });
    this.failure = failure ?? { summary: reason, details: reason };
  }
}
