/** How accounts are checked. The SuperLink is the provider's client; the `flwr` command never calls the provider. */
export interface ProviderSettings {
  /** The provider's issuer URL: https, or http on this machine. */
  readonly issuer: URL;
  readonly clientId: string;
  /** Undefined for a public client. Such a client can check only tokens that are JWTs. */
  readonly clientSecret?: string;
  /** The audience that a JWT must name. */
  readonly audience: string;
  /** Scopes of a login, separated by spaces. */
  readonly scope: string;
  /** The claim with an account's name; see `identityOf`. */
  readonly nameClaim?: string;
  /** PEM text of certificates that sign the provider's certificate, in addition to the system's. */
  readonly authority?: string;
}

/** Scopes of a login by default. Without `offline_access`, most providers give no refresh token. */
export const DEFAULT_SCOPE = "openid profile offline_access";
