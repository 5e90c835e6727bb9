import { FlwrError } from "../../../../base/error.ts";
import type { ControlCaller } from "./control_rights.ts";

/** Streams that one account may have open at a time on a SuperLink: each reads the store while its run reports. */
export const MAX_ACCOUNT_STREAMS = 64;

/** Counts the open streams of accounts. Without accounts there is no limit: every caller is trusted then. */
export class AccountStreams {
  readonly #open = new Map<string, number>();

  /** Accounts with an open stream. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Counts a stream. Dispose of the result when the stream ends.
   *
   * @throws FlwrError "resource-exhausted" if the account has too many
   */
  open(caller: ControlCaller | undefined): Disposable {
    if (caller === undefined) return { [Symbol.dispose]() {} };
    const { id, name } = caller.account;
    const count = this.#open.get(id) ?? 0;
    if (count >= MAX_ACCOUNT_STREAMS) {
      throw new FlwrError(
        "resource-exhausted",
        `Account "${name}" follows ${MAX_ACCOUNT_STREAMS} logs or runs already: end some`,
      );
    }
    this.#open.set(id, count + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#open.get(id)! - 1;
        if (left === 0) this.#open.delete(id);
        else this.#open.set(id, left);
      },
    };
  }
}
