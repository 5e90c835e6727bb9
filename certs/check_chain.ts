import type { X509Certificate } from "node:crypto";
import type { Chain } from "./chain.ts";
import type { CertificateUses } from "./extensions.ts";

/**
 * What clients would refuse a chain for (RFC 5280, section 6.1): an issuer that is not valid now or may not issue, too many
 * issuers, or a certificate for another purpose than a server's. The first certificate's own validity is not looked at.
 *
 * @param usesOf what a certificate may be used for; undefined where that cannot be read, and clients decide alone
 * @param now in seconds
 * @returns the problem as a sentence, with the certificate's name; undefined where there is none
 */
export function problemOfChain(
  chain: Chain,
  usesOf: (certificate: X509Certificate) => CertificateUses | undefined,
  now: number,
): string | undefined {
  let issuersBelow = 0;
  for (const [i, certificate] of chain.entries()) {
    const name = `"${oneLine(certificate.subject)}"`;
    const uses = usesOf(certificate);
    const isAuthority = i > 0 && i === chain.length - 1;
    if (i > 0) {
      const from = certificate.validFromDate, to = certificate.validToDate;
      if (now * 1000 > to.getTime()) return `its issuer ${name} expired at ${to.toISOString()}`;
      if (now * 1000 < from.getTime()) {
        return `its issuer ${name} is not valid before ${from.toISOString()}`;
      }
    }
    if (uses === undefined) continue;
    // A root of X.509's first version says nothing of itself.
    if (i > 0 && !uses.mayIssue && (uses.hasExtensions || !isAuthority)) {
      return `its issuer ${name} may not issue certificates (basicConstraints or keyUsage)`;
    }
    if (i > 0 && uses.pathLength !== undefined && issuersBelow > uses.pathLength) {
      const below = issuersBelow === 1 ? "is 1 authority" : `are ${issuersBelow} authorities`;
      return `there ${below} below ${name}, which allows ${uses.pathLength} (pathLen)`;
    }
    if (!uses.mayServe && !isAuthority) {
      const which = i === 0 ? "it" : `its issuer ${name}`;
      return `${which} is for other purposes than a server's (extKeyUsage without serverAuth)`;
    }
    // A new key of one authority, signed by the old one, does not count.
    if (i > 0 && certificate.subject !== certificate.issuer) issuersBelow++;
  }
  return undefined;
}

/** A name of several lines as one. */
export function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}
