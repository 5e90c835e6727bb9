import type { X509Certificate } from "node:crypto";
import { MAX_CHAIN_LENGTH } from "./limits.ts";

/**
 * Whether a certificate comes from one of the authorities, directly or over the certificates between them.
 *
 * This is for telling a user about mixed-up files at start; the TLS stacks of the clients decide for themselves.
 *
 * @param certificate a certificate that is itself among the authorities comes from them
 */
export function isIssuedBy(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  let current: X509Certificate | undefined = certificate;
  for (let step = 0; current !== undefined && step < MAX_CHAIN_LENGTH; step++) {
    const subject: X509Certificate = current;
    const known = authorities.some((authority) =>
      authority.raw.equals(subject.raw) || signed(authority, subject)
    );
    if (known) return true;
    current = between.find((issuer) => issuer !== subject && signed(issuer, subject));
  }
  return false;
}

function signed(issuer: X509Certificate, subject: X509Certificate): boolean {
  if (!subject.checkIssued(issuer)) return false;
  try {
    return subject.verify(issuer.publicKey);
  } catch {
    // An algorithm that this platform does not verify, though a client's may: names alone must do.
    return true;
  }
}
