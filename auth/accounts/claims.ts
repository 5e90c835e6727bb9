import { printable } from "../../base/printable.ts";

/** What a token says about its account. */
export type Claims = Readonly<Record<string, unknown>>;

/** Characters of an account's id or name that are kept. */
const MAX_TEXT = 256;

/** An account's id and name, as its token gives them. */
export interface ClaimedIdentity {
  readonly id: string;
  readonly name: string;
}

/**
 * Reads the identity of an account.
 *
 * @param nameClaim the claim with the name; by default `preferred_username`, `username` (of an introspection), `email`.
 *   An `email` counts only if the provider has verified it
 * @returns undefined without a usable `sub`
 */
export function identityOf(claims: Claims, nameClaim?: string): ClaimedIdentity | undefined {
  const { sub } = claims;
  if (typeof sub !== "string" || !isPlain(sub)) return undefined;
  const candidates = nameClaim === undefined
    ? ["preferred_username", "username", "email"]
    : [nameClaim];
  // Some providers let users enter any address, so a user could take the name of another account.
  const isForeign = (claim: string) => claim === "email" && claims.email_verified !== true;
  const name = candidates.filter((claim) => !isForeign(claim))
    .map((claim) => valueAt(claims, claim))
    .find((value) => typeof value === "string" && isPlain(value));
  return { id: sub, name: name as string | undefined ?? sub };
}

/**
 * The texts of a claim that holds a text or a list of texts.
 *
 * @param path its name; dots lead into nested claims, as in "realm_access.roles"
 */
export function textsOf(claims: Claims, path: string): string[] {
  const value = valueAt(claims, path);
  return [value].flat().filter((text) => typeof text === "string");
}

function valueAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Claims)[key];
  }
  return value;
}

/** Whether a text can be shown on a terminal and in a log line as it is. */
function isPlain(text: string): boolean {
  return text.length > 0 && text.length <= MAX_TEXT && printable(text) === text;
}
