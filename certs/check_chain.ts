import type { KeyObject, X509Certificate } from "node:crypto";
import type { Chain } from "./chain.ts";
import { encodingFaults } from "./encoding.ts";
import { type CertificateUses, KNOWN } from "./extensions.ts";
import { MIN_RSA_BITS } from "./limits.ts";
import { forbiddenName } from "./name_constraints.ts";
import { brokenHash } from "./signature.ts";

/** The curves of signatures that rustls and BoringSSL verify, by OpenSSL's names. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1", "P-256", "P-384", "P-521"];

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
  const names = usesOf(chain[0])?.names ?? [];
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
    const hash = isAuthority ? undefined : brokenHash(certificate);
    if (hash !== undefined) {
      return `${i === 0 ? "it" : `its issuer ${name}`} is signed with ${hash}, which is not safe`;
    }
    const key = i === 0 ? undefined : weakKey(certificate);
    if (key !== undefined) return `its issuer ${name} has ${key}`;
    if (!isAuthority && encodingFaults(certificate.raw).times) {
      return `${
        i === 0 ? "it" : `its issuer ${name}`
      } has its validity in a form that is not allowed`;
    }
    if (uses === undefined) continue;
    if (uses.isRepeated) {
      return `${i === 0 ? "it" : `its issuer ${name}`} has an extension twice`;
    }
    const unknown = i > 0 && !isAuthority && uses.critical.some((id) => !KNOWN.includes(id));
    if (unknown) {
      return `its issuer ${name} has a critical extension that TLS libraries do not know`;
    }
    const forbidden = i > 0 && uses.constraints && forbiddenName(names, uses.constraints);
    if (forbidden !== undefined && forbidden !== false) {
      return `its issuer ${name} may not issue for "${forbidden}" (nameConstraints)`;
    }
    // A root of X.509's first version says nothing of itself.
    if (i > 0 && !uses.mayIssue && (uses.hasExtensions || !isAuthority)) {
      return `its issuer ${name} may not issue certificates (basicConstraints or keyUsage)`;
    }
    if (i > 0 && uses.pathLength !== undefined && issuersBelow > uses.pathLength) {
      const below = issuersBelow === 1 ? "is 1 authority" : `are ${issuersBelow} authorities`;
      return `there ${below} below ${name}, which allows ${uses.pathLength} (pathLen)`;
    }
    if (!uses.mayServe && !(i > 0 && uses.mayServeAny) && !isAuthority) {
      const which = i === 0 ? "it" : `its issuer ${name}`;
      return `${which} is for other purposes than a server's (extKeyUsage without serverAuth)`;
    }
    // A new key of one authority, signed by the old one, does not count.
    if (i > 0 && certificate.subject !== certificate.issuer) issuersBelow++;
  }
  return undefined;
}

/** Why clients do not accept an issuer's key; undefined where they do. */
function weakKey(certificate: X509Certificate): string | undefined {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    return "a key of a kind that is not supported";
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    return `an RSA key of ${bits} bits: at least ${MIN_RSA_BITS} are needed`;
  }
  const curve = details?.namedCurve;
  return type === "ec" && curve !== undefined && !CURVES.includes(curve)
    ? `a key on the curve ${curve}, which is not supported`
    : undefined;
}

/** A name of several lines as one. */
export function oneLine(name: string | undefined): string {
  // Node says undefined of an empty name.
  return name?.replaceAll("\n", ", ") ?? "";
}
