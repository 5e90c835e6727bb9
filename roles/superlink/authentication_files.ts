import { FlwrError } from "../../base/error.ts";
import type { SuperLinkFlags } from "./flags.ts";

/** Which SuperNodes are admitted, when not all are: those whose keys were registered, and those listed. */
export interface AuthenticationFiles {
  /** CSV of public keys; undefined: only registered ones count. */
  readonly publicKeyList?: string;
  /** The SuperLink's own key pair, for the scheme of Flower 1.8 to 1.14; undefined: one is made for this start. */
  readonly ownKey?: { readonly privateKey: string; readonly publicKey: string };
}

/**
 * What the `--auth-…` flags ask for; undefined to admit every SuperNode.
 *
 * @throws FlwrError "invalid-argument" when only one of two files that belong together is given
 */
export function readAuthenticationFiles(
  { enableSupernodeAuth, authListPublicKeys, authSuperlinkPrivateKey, authSuperlinkPublicKey }:
    SuperLinkFlags,
): AuthenticationFiles | undefined {
  const pair = {
    "--auth-superlink-private-key": authSuperlinkPrivateKey,
    "--auth-superlink-public-key": authSuperlinkPublicKey,
  };
  const missing = missingFlags(
    enableSupernodeAuth ? pair : { "--auth-list-public-keys": authListPublicKeys, ...pair },
  );
  const none = missing.length === (enableSupernodeAuth ? 2 : 3);
  if (none && !enableSupernodeAuth) return undefined;
  if (!none && missing.length > 0) {
    throw new FlwrError("invalid-argument", `Authentication also needs ${missing.join(" and ")}`, {
      hints: [
        "Give all three --auth-… flags, or none to admit every SuperNode",
        "--enable-supernode-auth needs none of them, and admits nodes that were registered",
      ],
    });
  }
  return {
    ...(authListPublicKeys === undefined ? {} : { publicKeyList: authListPublicKeys }),
    ...(authSuperlinkPrivateKey === undefined || authSuperlinkPublicKey === undefined
      ? {}
      : { ownKey: { privateKey: authSuperlinkPrivateKey, publicKey: authSuperlinkPublicKey } }),
  };
}

/** The names of the flags that were not given. */
export function missingFlags(flags: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(flags).filter((name) => flags[name] === undefined);
}
