import { RateLimiter } from "../../../auth/rate_limiter.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { sha256Hex } from "../../../base/platform.ts";
import { RecentMap } from "../../../base/recent_map.ts";
import type { Account } from "../../../entities/account.ts";
import type { ApiTokenRecord, ApiTokenTable } from "../../../link/store/api_token_table.ts";

/** What every secret begins with, so that scanners of repositories and logs find it. */
const PREFIX = "flwr_";

/** Bytes of randomness in a secret. */
const SECRET_BYTES = 32;

/** Tokens that one account may have. */
const MAX_TOKENS = 50;

/** Unknown tokens that one address may try at once; then how many per second. */
const BURST = 40;
const PER_SECOND = 2;

/** Valid tokens that are remembered. */
const MAX_SEEN = 10_000;

/** Secret of an API token: {@link PREFIX} and 43 characters of base64url. */
const FORM = /^flwr_[\w-]{43}$/;

/** The API tokens of a SuperLink's accounts. The store has only their SHA-256. */
export class ApiTokens {
  readonly #table: ApiTokenTable;
  readonly #clock: Clock;
  /** Hashes of tokens that were valid. Looking up others costs a transaction, so that is limited. */
  readonly #seen = new RecentMap<string, true>(MAX_SEEN);
  readonly #limiter: RateLimiter;

  constructor(table: ApiTokenTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
    this.#limiter = new RateLimiter({ burst: BURST, perSecond: PER_SECOND, clock });
  }

  /** Whether a bearer token has the form of an API token. */
  static accepts(token: string): boolean {
    return FORM.test(token);
  }

  /**
   * Finds the account of a token. It has the roles that the token got.
   *
   * @param host the caller's address
   * @throws FlwrError "unauthenticated"; "resource-exhausted" if the address has tried too many unknown tokens
   */
  async identify(secret: string, host: string): Promise<Account> {
    const hash = sha256Hex(secret);
    if (this.#seen.get(hash) === undefined && this.#limiter.take(host) > 0) {
      throw new FlwrError("resource-exhausted", "Too many unknown API tokens: try again later");
    }
    const record = await this.#table.byHash(hash);
    if (record === undefined || record.expiresAt <= this.#clock.now()) {
      this.#seen.delete(hash);
      throw new FlwrError("unauthenticated", "The API token is not valid, or no longer");
    }
    this.#seen.set(hash, true);
    const { tokenId: apiTokenId, accountId: id, accountName: name, roles } = record;
    return { id, name, roles, apiTokenId };
  }

  /**
   * Creates a token.
   *
   * @param seconds until it expires
   * @returns with its secret, which is stored nowhere
   * @throws FlwrError "resource-exhausted" if the account has too many
   */
  async create(
    account: Account,
    { name, seconds }: { readonly name: string; readonly seconds: number },
  ): Promise<{ readonly record: ApiTokenRecord; readonly secret: string }> {
    const now = this.#clock.now();
    await this.#table.removeExpired(now);
    const secret = PREFIX +
      random(SECRET_BYTES).toBase64({ alphabet: "base64url", omitPadding: true });
    const record: ApiTokenRecord = {
      tokenId: random(8).toHex(),
      hash: sha256Hex(secret),
      accountId: account.id,
      accountName: account.name,
      name,
      roles: account.roles,
      createdAt: now,
      expiresAt: now + seconds,
    };
    if (await this.#table.add(record, MAX_TOKENS)) return { record, secret };
    throw new FlwrError(
      "resource-exhausted",
      `Account "${account.name}" has ${MAX_TOKENS} API tokens already: revoke one`,
    );
  }

  /** The tokens that have not expired. @param accountId only those of this account */
  async list(accountId?: string): Promise<ApiTokenRecord[]> {
    const now = this.#clock.now();
    return (await this.#table.list(accountId)).filter(({ expiresAt }) => expiresAt > now);
  }

  /** Revokes a token: the next call with it is refused, at every SuperLink on this store. */
  async revoke(tokenId: string): Promise<void> {
    await this.#table.remove(tokenId);
  }
}

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}
