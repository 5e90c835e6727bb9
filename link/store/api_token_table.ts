import type { Role } from "../../entities/account.ts";

/** An API token of an account. Times are Unix times in seconds. */
export interface ApiTokenRecord {
  /** Names it among all tokens. It is no secret. */
  readonly tokenId: string;
  /** SHA-256 of the secret, lower-case hexadecimal: a reader of the store cannot act as the account. */
  readonly hash: string;
  readonly accountId: string;
  readonly accountName: string;
  /** For people. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Table of API tokens. The domain does not use it. Each call is a separate transaction; changes survive a crash. */
export interface ApiTokenTable {
  byHash(hash: string): Promise<ApiTokenRecord | undefined>;
  /** The tokens in the order of their creation. @param accountId only those of this account */
  list(accountId?: string): Promise<ApiTokenRecord[]>;
  /**
   * Adds a token.
   *
   * @param most number of tokens that one account may have
   * @returns false if its account has that many already
   */
  add(token: ApiTokenRecord, most: number): Promise<boolean>;
  remove(tokenId: string): Promise<void>;
  /** Removes the tokens with `expiresAt` ≤ `now`. */
  removeExpired(now: number): Promise<void>;
}
