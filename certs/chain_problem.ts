import type { X509Certificate } from "node:crypto";
import type { Chain } from "./chain.ts";
import type { CheckBudget } from "./check_budget.ts";
import { encodingFaults } from "./encoding.ts";
import { type CertificateUses, KNOWN } from "./extensions.ts";
import { MAX_NAME_COMPARISONS } from "./limits.ts";
import { countComparisons, DIRECTORY_NAME, forbiddenName } from "./name_constraints.ts";
import { encodedName, nameText, oneLine } from "./name_text.ts";
import { problemOfKey } from "./public_key.ts";
import { brokenHash } from "./signature.ts";

/** Extensions of an authority that all clients check. rustls ignores the others. */
const LIMITING: readonly CertificateUses["damaged"][number][] = ["nameConstraints"];

/** Size of an empty name in DER, in bytes. */
const EMPTY_NAME = 2;

/**
 * Why clients would refuse a chain (RFC 5280, section 6.1): an issuer is not valid now or may not issue, there are too
 * many issuers, or a certificate is not for servers. Does not check the validity period of the first certificate.
 *
 * @param usesOf returns a certificate's uses; undefined if they cannot be read
 * @param now Unix time in seconds
 * @param budget limits the comparisons of names
 * @returns the problem as a clause with the certificate's name; undefined if there is none
 */
export function chainProblem(
  chain: Chain,
  usesOf: (certificate: X509Certificate) => CertificateUses | undefined,
  now: number,
  budget: CheckBudget,
): string | undefined {
  let issuersBelow = 0;
  const names = usesOf(chain[0])?.names ?? [];
  for (const [i, certificate] of chain.entries()) {
    const name = `"${oneLine(certificate, "subject")}"`;
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
    const key = i === 0 ? undefined : problemOfKey(certificate);
    if (key !== undefined) return `its issuer ${name} has ${key}`;
    if (!isAuthority && encodingFaults(certificate.raw).times) {
      return `${
        i === 0 ? "it" : `its issuer ${name}`
      } has a validity period in an encoding that is not allowed`;
    }
    if (uses === undefined) continue;
    if (uses.isRepeated) {
      return `${i === 0 ? "it" : `its issuer ${name}`} has an extension twice`;
    }
    const damaged = i > 0
      ? uses.damaged.find((id) => !isAuthority || LIMITING.includes(id))
      : undefined;
    if (damaged !== undefined) return `its issuer ${name} has a damaged extension (${damaged})`;
    const unknown = i > 0 && !isAuthority && uses.critical.some((id) => !KNOWN.includes(id));
    if (unknown) {
      return `its issuer ${name} has a critical extension that TLS libraries do not know`;
    }
    const limits = i > 0 ? uses.constraints : undefined;
    if (limits !== undefined) {
      if (!budget.takeComparisons(countComparisons(names, limits))) {
        return `its issuer ${name} has too many nameConstraints for its ${names.length} names: ` +
          `clients compare at most ${MAX_NAME_COMPARISONS} pairs of both`;
      }
      const forbidden = forbiddenName(names, limits);
      if (forbidden !== undefined) {
        return `its issuer ${name} may not issue for "${forbidden}" (nameConstraints)`;
      }
      const subject = {
        tag: DIRECTORY_NAME,
        value: Uint8Array.fromHex(encodedName(chain[0], "subject")),
      };
      if (subject.value.length > EMPTY_NAME && forbiddenName([subject], limits) !== undefined) {
        return `its issuer ${name} may not issue for the subject "${
          oneLine(chain[0], "subject")
        }" (nameConstraints)`;
      }
    }
    // A root of X.509 version 1 has no extensions.
    if (i > 0 && !uses.mayIssue && (uses.hasExtensions || !isAuthority)) {
      return `its issuer ${name} may not issue certificates (basicConstraints or keyUsage)`;
    }
    if (i > 0 && uses.pathLength !== undefined && issuersBelow > uses.pathLength) {
      const below = issuersBelow === 1 ? "is 1 authority" : `are ${issuersBelow} authorities`;
      return `there ${below} below ${name}, which allows ${uses.pathLength} (pathLen)`;
    }
    if (!uses.mayServe && !isAuthority) {
      const which = i === 0 ? "it" : `its issuer ${name}`;
      return `${which} is not for servers (extKeyUsage without serverAuth)`;
    }
    // A new key of an authority, signed with its old key, does not count.
    if (i > 0 && nameText(certificate, "subject") !== nameText(certificate, "issuer")) {
      issuersBelow++;
    }
  }
  return undefined;
}
