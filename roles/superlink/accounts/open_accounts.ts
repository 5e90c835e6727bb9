import { identityOf, textsOf } from "../../../auth/accounts/claims.ts";
import { invalidToken, JwtCheck } from "../../../auth/accounts/jwt_check.ts";
import { Provider } from "../../../auth/accounts/provider.ts";
import { ProviderUnavailable } from "../../../auth/accounts/provider_fault.ts";
import { isSane, TokenCheck } from "../../../auth/accounts/token_check.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { causedBy } from "../../../base/log_limiter.ts";
import type { ApiTokenTable } from "../../../link/store/api_token_table.ts";
import { networkOf } from "../../../rpc/network.ts";
import type { AccountGate } from "../../../rpc/dialects/current/server/account_gate.ts";
import { AccountRoles } from "./account_roles.ts";
import { ApiTokens } from "./api_tokens.ts";
import type { AccountsConfig } from "./config.ts";

const logger = log("superlink");

/** The accounts of a running SuperLink. */
export interface Accounts {
  readonly gate: AccountGate;
  readonly apiTokens: ApiTokens;
}

/** What accounts use. */
export interface AccountServices {
  readonly tokens: ApiTokenTable;
  /** Stops watching the file with roles. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Opens the accounts of a SuperLink. The provider is asked when it is first needed.
 *
 * @throws FlwrError naming the file with roles and what is wrong with it
 */
export async function openAccounts(
  config: AccountsConfig,
  { tokens, signal, clock = systemClock }: AccountServices,
): Promise<Accounts> {
  const { provider: settings, roleClaim } = config;
  const roles = await AccountRoles.open(config, signal);
  const provider = new Provider(settings);
  const jwts = new JwtCheck(settings, provider);
  const check = new TokenCheck({
    jwt: (token, now) => jwts.check(token, now),
    opaque: (token) => provider.introspect(token),
  }, { clock });
  const apiTokens = new ApiTokens(tokens, clock);
  logger.info("Accounts are on: the Control API answers accounts of {issuer}", {
    event: "accounts-on",
    issuer: settings.issuer.href,
  });
  // Limits count for networks, because one caller may have many addresses of IPv6.
  const ask = <T>(host: string, call: () => Promise<T>) =>
    reported(host, check.bounded(networkOf(host), call));
  const gate: AccountGate = {
    async identify(token, host) {
      if (ApiTokens.accepts(token)) {
        const account = await apiTokens.identify(token, networkOf(host));
        return { ...account, roles: roles.stillOf(account) };
      }
      const claims = await reported(host, check.check(token, networkOf(host)));
      const identity = identityOf(claims, settings.nameClaim);
      if (identity === undefined) throw invalidToken();
      const claimed = roleClaim === undefined ? [] : textsOf(claims, roleClaim);
      return { ...identity, roles: roles.of(identity, claimed) };
    },
    beginLogin: (host) => ask(host, () => provider.beginLogin()),
    finishLogin: (code, host) =>
      ask(host, () => {
        if (!isSane(code)) throw refusedLogin();
        return provider.finishLogin(code);
      }),
    refresh: (token, host) =>
      ask(host, () => {
        if (!isSane(token)) throw refusedLogin();
        return provider.refresh(token);
      }),
  };
  return { gate, apiTokens };
}

/** Logs why the provider could not be asked, because callers do not see that. */
async function reported<T>(host: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof ProviderUnavailable || isOfProvider(error)) {
      logger.error("The identity provider does not answer as expected: {reason}", {
        event: "provider-failed",
        reason: reasonOf(error),
        ...causedBy("failures of the identity provider", host),
      });
    }
    throw error;
  }
}

function isOfProvider(error: unknown): error is FlwrError {
  return error instanceof FlwrError && error.code === "failed-precondition";
}

/** What happened, without any token: the messages of oauth4webapi and jose have none. */
function reasonOf(error: FlwrError): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const more = "error_description" in cause && typeof cause.error_description === "string"
    ? `: ${cause.error_description}`
    : "";
  const code = "error" in cause && typeof cause.error === "string"
    ? ` (${cause.error}${more})`
    : "";
  const deeper = cause.cause instanceof Error ? `: ${cause.cause.message}` : "";
  return `${cause.message}${code}${deeper}`;
}

function refusedLogin(): FlwrError {
  return new FlwrError("unauthenticated", "The login was refused or has expired");
}
