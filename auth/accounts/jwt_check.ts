import * as jose from "jose";
import { FlwrError } from "../../base/error.ts";
import type { Claims } from "./claims.ts";
import { ProviderUnavailable } from "./provider_fault.ts";
import type { Provider } from "./provider.ts";
import type { ProviderSettings } from "./settings.ts";

/**
 * Signature algorithms of access tokens. All are asymmetric: with HS256, a public key would be the secret, and "none"
 * signs nothing.
 */
export const ALGORITHMS: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

/** Seconds by which the clocks of the provider and the SuperLink may differ. */
export const CLOCK_SKEW_SECONDS = 60;

/** Header types of access tokens: RFC 9068's, and those of providers that came before it. */
const TYPES: ReadonlySet<string> = new Set(["at+jwt", "application/at+jwt", "jwt"]);

/**
 * Claims that only other kinds of tokens have: ID tokens, tokens that announce a logout, and tokens that are bound to a
 * key of their client.
 */
const FOREIGN_CLAIMS = ["at_hash", "c_hash", "nonce", "events", "cnf"] as const;

/**
 * Claims of access tokens. An ID token has none of them: it tells the client who logged in, and is handed around more
 * freely than an access token. Where the audience is the client's id, nothing else tells the two apart.
 */
const ACCESS_CLAIMS = ["scope", "scp", "client_id", "cid"] as const;

/** Errors that are the provider's, or the network's, and not the token's. */
const OF_PROVIDER: ReadonlySet<string> = new Set([
  "ERR_JOSE_GENERIC",
  "ERR_JWKS_INVALID",
  "ERR_JWKS_TIMEOUT",
]);

/** Who signs the tokens. */
interface Signer {
  readonly issuer: string;
  readonly keys: jose.JWTVerifyGetKey;
}

/** Checks access tokens that are JWTs by the provider's public keys. */
export class JwtCheck {
  readonly #settings: ProviderSettings;
  readonly #provider: Provider;
  #signer: Signer | undefined;

  constructor(settings: ProviderSettings, provider: Provider) {
    this.#settings = settings;
    this.#provider = provider;
  }

  /**
   * Checks a token.
   *
   * @param now Unix time in seconds
   * @returns undefined for a token that is not valid
   * @throws ProviderUnavailable if the keys could not be fetched
   */
  async check(token: string, now: number): Promise<Claims | undefined> {
    if (!this.#mayBeOurs(token)) return undefined;
    const signer = await this.#find();
    if (signer === undefined) return undefined;
    try {
      const { payload } = await jose.jwtVerify(token, signer.keys, {
        algorithms: [...ALGORITHMS],
        issuer: signer.issuer,
        audience: this.#settings.audience,
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ["sub", "exp"],
        currentDate: new Date(now * 1000),
      });
      return payload;
    } catch (error) {
      if (error instanceof jose.errors.JOSEError && !OF_PROVIDER.has(error.code)) return undefined;
      throw new ProviderUnavailable(error);
    }
  }

  /** What can be refused without the provider's keys, which cost a request. */
  #mayBeOurs(token: string): boolean {
    try {
      const { alg, typ } = jose.decodeProtectedHeader(token);
      if (alg === undefined || !ALGORITHMS.includes(alg)) return false;
      if (typ !== undefined && !TYPES.has(typ.toLowerCase())) return false;
      const claims = jose.decodeJwt(token);
      if (FOREIGN_CLAIMS.some((claim) => claim in claims)) return false;
      // Keycloak tells its tokens apart by this claim.
      if (claims.typ !== undefined) return claims.typ === "Bearer";
      return typ?.toLowerCase().endsWith("at+jwt") === true ||
        ACCESS_CLAIMS.some((claim) => claim in claims);
    } catch {
      return false;
    }
  }

  async #find(): Promise<Signer | undefined> {
    if (this.#signer !== undefined) return this.#signer;
    const found = await this.#provider.signer();
    if (found === undefined) return undefined;
    // It fetches the keys for an unknown key id at most twice a minute, whatever callers send.
    const keys = jose.createRemoteJWKSet(found.keys, {
      [jose.customFetch]: this.#provider.fetch,
      cooldownDuration: 30_000,
    });
    return this.#signer = { issuer: found.issuer, keys };
  }
}

/** Whether a token has the form of a signed JWT. Others are opaque. */
export function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) && token.startsWith("ey");
}

/** Thrown for a token that is not valid. */
export function invalidToken(): FlwrError {
  return new FlwrError("unauthenticated", "The access token is not valid, or no longer");
}
