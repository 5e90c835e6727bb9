import type { ApiTokenRecord, ApiTokenTable } from "./api_token_table.ts";
import type { Serial } from "./serial.ts";

/** {@link ApiTokenTable} in memory, which lasts as long as the process. */
export class MemoryApiTokens implements ApiTokenTable {
  readonly #byId = new Map<string, ApiTokenRecord>();
  readonly #serial: Serial;

  /** @param serial the store's queue of transactions */
  constructor(serial: Serial) {
    this.#serial = serial;
  }

  byHash(hash: string): Promise<ApiTokenRecord | undefined> {
    return this.#do(() => [...this.#byId.values()].find((token) => token.hash === hash));
  }

  list(accountId?: string): Promise<ApiTokenRecord[]> {
    return this.#do(() => this.#of(accountId));
  }

  add(token: ApiTokenRecord, most: number): Promise<boolean> {
    return this.#do(() => {
      if (this.#of(token.accountId).length >= most) return false;
      this.#byId.set(token.tokenId, token);
      return true;
    });
  }

  remove(tokenId: string): Promise<void> {
    return this.#do(() => void this.#byId.delete(tokenId));
  }

  removeExpired(now: number): Promise<void> {
    return this.#do(() => {
      for (const { tokenId, expiresAt } of this.#byId.values()) {
        if (expiresAt <= now) this.#byId.delete(tokenId);
      }
    });
  }

  #of(accountId: string | undefined): ApiTokenRecord[] {
    return [...this.#byId.values()]
      .filter((token) => accountId === undefined || token.accountId === accountId)
      .sort((a, b) => a.createdAt - b.createdAt || (a.tokenId < b.tokenId ? -1 : 1));
  }

  #do<T>(work: () => T): Promise<T> {
    return this.#serial.run(() => Promise.resolve(work()));
  }
}
