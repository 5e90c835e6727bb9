import * as oauth from "oauth4webapi";
import { FlwrError } from "../../base/error.ts";
import type { Claims } from "./claims.ts";
import { ProviderUnavailable } from "./provider_fault.ts";
import type { LoginDetails, TokenPair } from "../../entities/account.ts";
import type { ProviderSettings } from "./settings.ts";

/** Seconds that the provider may take for an answer. */
const ANSWER_SECONDS = 10;

/** Seconds between two questions of a login, if the provider names none (RFC 8628, section 3.2). */
const DEFAULT_INTERVAL = 5;

/** Longest device code or token that is passed on to the provider, in characters. */
export const MAX_TOKEN_CHARACTERS = 8192;

/** The client's answers that mean "the user has not confirmed yet" (RFC 8628, section 3.5). */
const PENDING: ReadonlySet<string> = new Set(["authorization_pending", "slow_down"]);

/** The answers that mean that the code or token is not, or no longer, valid (RFC 6749 and RFC 8628). */
const INVALID: ReadonlySet<string> = new Set(["access_denied", "expired_token", "invalid_grant"]);

/**
 * The OpenID Connect provider of a SuperLink. Its endpoints are discovered when they are first needed, and again after
 * a failure, so a SuperLink starts without its provider.
 */
export class Provider {
  readonly #settings: ProviderSettings;
  readonly #client: oauth.Client;
  readonly #fetch: typeof fetch;
  #server: Promise<oauth.AuthorizationServer> | undefined;

  constructor(settings: ProviderSettings) {
    this.#settings = settings;
    this.#client = { client_id: settings.clientId };
    this.#fetch = fetchWith(settings.authority);
  }

  /** The provider's name in its tokens, and the URL of its public keys; undefined if it has none. */
  async signer(): Promise<{ readonly issuer: string; readonly keys: URL } | undefined> {
    const { issuer, jwks_uri: url } = await this.#discovered();
    return url === undefined ? undefined : { issuer, keys: new URL(url) };
  }

  /** Calls the provider with the time limit and the certificates of its settings. */
  get fetch(): typeof fetch {
    return this.#fetch;
  }

  /** Begins a login. */
  async beginLogin(): Promise<LoginDetails> {
    return await this.#ask(async (server, authentication) => {
      const response = await oauth.deviceAuthorizationRequest(
        server,
        this.#client,
        authentication,
        { scope: this.#settings.scope },
        this.#options(),
      );
      const details = await oauth.processDeviceAuthorizationResponse(
        server,
        this.#client,
        response,
      );
      return {
        deviceCode: details.device_code,
        verificationUri: details.verification_uri_complete ??
          withCode(details.verification_uri, details.user_code),
        expiresIn: Math.floor(details.expires_in),
        interval: Math.max(1, Math.ceil(details.interval || DEFAULT_INTERVAL)),
      };
    });
  }

  /**
   * Asks once whether the user has confirmed a login.
   *
   * @returns undefined as long as the user has not
   * @throws FlwrError "unauthenticated" if the login was refused or has expired; "failed-precondition" if the provider
   *   gives no refresh token, for which Flower's command would wait until the login expires
   */
  async finishLogin(deviceCode: string): Promise<TokenPair | undefined> {
    return await this.#ask(async (server, authentication) => {
      const response = await oauth.deviceCodeGrantRequest(
        server,
        this.#client,
        authentication,
        deviceCode,
        this.#options(),
      );
      const tokens = await oauth.processDeviceCodeResponse(server, this.#client, response)
        .catch((error) => {
          if (error instanceof oauth.ResponseBodyError && PENDING.has(error.error)) {
            return undefined;
          }
          throw error;
        });
      if (tokens === undefined) return undefined;
      if (tokens.refresh_token === undefined) throw noRefreshToken();
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
    });
  }

  /**
   * Gets new tokens.
   *
   * @returns with the given refresh token, if the provider keeps it
   * @throws FlwrError "unauthenticated" if the refresh token is not valid
   */
  async refresh(refreshToken: string): Promise<TokenPair> {
    return await this.#ask(async (server, authentication) => {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        this.#client,
        authentication,
        refreshToken,
        this.#options(),
      );
      const tokens = await oauth.processRefreshTokenResponse(server, this.#client, response);
      return {
        accessToken: tokens.access_token,
        refreshToken: tokens.refresh_token ?? refreshToken,
      };
    });
  }

  /**
   * Asks what an opaque token says (RFC 7662). A userinfo endpoint is not enough: it does not tell for whom the token
   * was issued, so a token of any other client of the provider would be good here.
   *
   * @returns undefined for a token that is not valid or was issued for others
   */
  async introspect(token: string): Promise<Claims | undefined> {
    return await this.#ask(async (server, authentication) => {
      if (
        server.introspection_endpoint === undefined || this.#settings.clientSecret === undefined
      ) {
        return undefined;
      }
      const response = await oauth.introspectionRequest(
        server,
        this.#client,
        authentication,
        token,
        this.#options(),
      );
      const claims = await oauth.processIntrospectionResponse(server, this.#client, response);
      const { active, aud, client_id: client, iss, token_type: type } = claims;
      // A token that is bound to a key of its client (`cnf`) is no bearer token.
      if (!active || claims.cnf !== undefined) return undefined;
      if (type !== undefined && String(type).toLowerCase() !== "bearer") return undefined;
      if (iss !== undefined && iss !== server.issuer) return undefined;
      const { audience, clientId } = this.#settings;
      const isOurs = aud === undefined
        ? client === clientId
        : [aud].flat().some((name) => name === audience || name === clientId);
      if (!isOurs) return undefined;
      const info = await this.#userInfo(server, token, claims.sub);
      // Some providers do not say which kind of token it is. A refresh token gets no user info.
      if (info === undefined && type === undefined) return undefined;
      return { ...info, ...claims };
    });
  }

  /** Name and roles are often only there. Undefined for a refresh token, and without the scope `openid`. */
  async #userInfo(
    server: oauth.AuthorizationServer,
    token: string,
    subject: string | undefined,
  ): Promise<Claims | undefined> {
    if (server.userinfo_endpoint === undefined || subject === undefined) return undefined;
    try {
      const response = await oauth.userInfoRequest(server, this.#client, token, this.#options());
      return await oauth.processUserInfoResponse(server, this.#client, subject, response);
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) return undefined;
      throw error;
    }
  }

  async #ask<T>(
    work: (server: oauth.AuthorizationServer, authentication: oauth.ClientAuth) => Promise<T>,
  ): Promise<T> {
    const server = await this.#discovered();
    try {
      return await work(server, this.#authentication(server));
    } catch (error) {
      if (error instanceof FlwrError) throw error;
      if (error instanceof oauth.ResponseBodyError && INVALID.has(error.error)) {
        throw new FlwrError("unauthenticated", "The login was refused or has expired", {
          cause: error,
        });
      }
      throw new ProviderUnavailable(error);
    }
  }

  #discovered(): Promise<oauth.AuthorizationServer> {
    this.#server ??= this.#discover().catch((error) => {
      this.#server = undefined;
      throw new ProviderUnavailable(error);
    });
    return this.#server;
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const { issuer } = this.#settings;
    const response = await oauth.discoveryRequest(issuer, this.#options());
    return await oauth.processDiscoveryResponse(issuer, response);
  }

  #authentication(server: oauth.AuthorizationServer): oauth.ClientAuth {
    const { clientSecret } = this.#settings;
    if (clientSecret === undefined) return oauth.None();
    // The default of OpenID Connect Discovery is client_secret_basic.
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return methods.includes("client_secret_basic") || !methods.includes("client_secret_post")
      ? oauth.ClientSecretBasic(clientSecret)
      : oauth.ClientSecretPost(clientSecret);
  }

  #options() {
    return {
      [oauth.customFetch]: this.#fetch,
      // Checked when the settings were read: only for this machine.
      [oauth.allowInsecureRequests]: this.#settings.issuer.protocol === "http:",
    };
  }
}

/** A `fetch` that trusts more authorities, and waits only ANSWER_SECONDS. */
function fetchWith(authority: string | undefined): typeof fetch {
  const client = authority === undefined
    ? undefined
    : Deno.createHttpClient({ caCerts: [authority] });
  return (input, init) =>
    fetch(input, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
      ...(client && { client }),
    });
}

/** The page of a login with the code in it, for providers that do not make that address themselves. */
function withCode(uri: string, code: string): string {
  const url = new URL(uri);
  url.searchParams.set("user_code", code);
  return url.href;
}

function noRefreshToken(): FlwrError {
  return new FlwrError(
    "failed-precondition",
    "The identity provider gave no refresh token: allow the SuperLink's client the scope offline_access, or start " +
      "the SuperLink with the --oidc-scope for which it gives one",
  );
}
