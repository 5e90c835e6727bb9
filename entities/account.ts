/** What an account may do, in broad terms. The rights of each role stand in the policy table of the Control API. */
export const ROLES = ["admin", "researcher", "operator", "viewer"] as const;

/** One of {@link ROLES}. */
export type Role = typeof ROLES[number];

/** Whether a text names a role. */
export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

/** The identity of a person or program, as runs and nodes keep it. */
export interface AccountIdentity {
  /** The account's subject at the identity provider, which never changes. */
  readonly id: string;
  /** For people. It may change, and is no proof of anything. */
  readonly name: string;
}

/** A caller that has an account. */
export interface Account extends AccountIdentity {
  /** Its rights are those of all of them together. */
  readonly roles: readonly Role[];
  /** The API token of the call; undefined after a login. */
  readonly apiTokenId?: string;
}

/** The account of everyone on a SuperLink without accounts, named as in open-source Flower. */
export const NO_ACCOUNT: AccountIdentity = { id: "<id:none>", name: "none" };

/** What a user needs to log in. */
export interface LoginDetails {
  readonly deviceCode: string;
  /** The page where the user confirms the login; it contains the code. */
  readonly verificationUri: string;
  /** Seconds until the device code expires. */
  readonly expiresIn: number;
  /** Seconds between two questions whether the user has confirmed. */
  readonly interval: number;
}

/** The tokens of a login. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}
