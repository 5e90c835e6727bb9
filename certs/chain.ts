import type { X509Certificate } from "node:crypto";
import { madeSignature } from "./signature.ts";

/** Longest way from a server certificate to its authority that is followed, in certificates. */
const MAX_CHAIN_LENGTH = 10;

/** Most ways from a server certificate to its authorities that are looked at. */
const MAX_CHAINS = 100;

/** A certificate, its issuer, that one's issuer, and so on; the last is an authority, or the only one. */
export type Chain = readonly [X509Certificate, ...X509Certificate[]];

/**
 * The ways from a certificate to one of the authorities, directly or over the certificates between them; the shortest of each
 * issuer first. Several are there where an authority was renewed, or signed by two others.
 *
 * This is for telling a user about mixed-up files at start; the TLS stacks of the clients decide for themselves.
 *
 * @param certificate a certificate that is itself among the authorities comes from them
 * @returns at most {@link MAX_CHAINS}; none where the certificate does not come from the authorities
 */
export function findChains(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): Chain[] {
  const found: Chain[] = [];
  let steps = 0;
  const follow = (chain: Chain) => {
    const subject = chain.at(-1)!;
    if (authorities.some(({ raw }) => raw.equals(subject.raw))) found.push(chain);
    for (const authority of authorities) {
      if (!authority.raw.equals(subject.raw) && signed(authority, subject)) {
        found.push([...chain, authority]);
      }
    }
    if (chain.length >= MAX_CHAIN_LENGTH) return;
    for (const issuer of between) {
      if (found.length >= MAX_CHAINS || ++steps > MAX_CHAINS * MAX_CHAIN_LENGTH) return;
      if (!chain.includes(issuer) && signed(issuer, subject)) follow([...chain, issuer]);
    }
  };
  follow([certificate]);
  return found;
}

function signed(issuer: X509Certificate, subject: X509Certificate): boolean {
  // `checkIssued` says no also where the issuer's keyUsage forbids it: that is a chain, and to be refused as such.
  if (subject.issuer !== issuer.subject && !subject.checkIssued(issuer)) return false;
  try {
    // Where it cannot be verified here, though perhaps by a client, names alone must do.
    return madeSignature(issuer.publicKey, subject) ?? true;
  } catch {
    // A kind of key that this platform does not know.
    return true;
  }
}
