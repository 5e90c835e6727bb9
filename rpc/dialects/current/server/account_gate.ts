import type { Account, LoginDetails, TokenPair } from "../../../../entities/account.ts";

/**
 * The accounts of a SuperLink, as the Control API sees them. Every method takes the caller's address, because what one
 * address can cause is limited: it throws FlwrError "resource-exhausted" then, and "unavailable" if the identity
 * provider cannot be asked.
 */
export interface AccountGate {
  /** Finds the account of an access token or API token. @throws FlwrError "unauthenticated" */
  identify(token: string, host: string): Promise<Account>;
  /** Begins a login. */
  beginLogin(host: string): Promise<LoginDetails>;
  /**
   * Asks whether the user has confirmed a login.
   *
   * @returns undefined as long as the user has not
   * @throws FlwrError "unauthenticated" if the login was refused or has expired
   */
  finishLogin(deviceCode: string, host: string): Promise<TokenPair | undefined>;
  /** Gets new tokens. @throws FlwrError "unauthenticated" if the refresh token is not valid */
  refresh(refreshToken: string, host: string): Promise<TokenPair>;
}
