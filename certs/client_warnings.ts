import type { X509Certificate } from "node:crypto";
import type { Chain } from "./chain.ts";
import { encodingFaults } from "./encoding.ts";
import { type CertificateUses, KNOWN, NAME_TAGS, type NameConstraints } from "./extensions.ts";
import { DIRECTORY_NAME, NAME_TAG, showName, unreadHost } from "./name_constraints.ts";
import { encodedName, isDamagedName, oneLine } from "./name_text.ts";
import { keyKind, type PublicKeyInfo } from "./public_key.ts";

/** Keys that BoringSSL does not accept in a handshake. */
const NOT_IN_PYTHON: Partial<Record<NonNullable<PublicKeyInfo["kind"]>, string>> = {
  Ed25519: "an Ed25519 key",
  "P-521": "a key on the curve P-521",
};

/**
 * Why some clients refuse a chain that others accept. This program's SuperNodes verify with rustls, Flower's Python
 * SuperNodes with BoringSSL. Each rule was observed with rustls 0.23 of Deno 2.9.3 or grpcio 1.85.
 *
 * @param usesOf see `chainProblem`
 * @returns sentences, without the name of the file
 */
export function clientWarnings(
  chain: Chain,
  usesOf: (certificate: X509Certificate) => CertificateUses | undefined,
): string[] {
  const [own, ...issuers] = chain;
  const uses = usesOf(own);
  const uncompared = issuers.find((issuer) => hasUncompared(uses, usesOf(issuer)?.constraints));
  const other = chain.find((certificate, i) =>
    chain[i + 1] !== undefined &&
    encodedName(certificate, "issuer") !== encodedName(chain[i + 1]!, "subject")
  );
  const ours = other !== undefined
    ? `its issuer's name, "${oneLine(other, "issuer")}", is encoded in two ways`
    : uses?.isAuthority === true
    ? "it belongs to an authority (CA:TRUE), not to a server"
    : uncompared !== undefined
    ? `its issuer "${
      oneLine(uncompared, "subject")
    }" limits other names than hosts (nameConstraints)`
    : issuers.map((issuer) => {
      const limits = usesOf(issuer)?.constraints;
      const host = limits && unreadHost(uses?.names ?? [], limits);
      return host === undefined
        ? undefined
        : `they cannot compare "${host}" (nameConstraints of "${oneLine(issuer, "subject")}")`;
    }).find((problem) => problem !== undefined);
  const misnamed = chain.find((certificate) =>
    (["subject", "issuer"] as const).some((whose) =>
      isDamagedName(Uint8Array.fromHex(encodedName(certificate, whose)))
    )
  );
  const python = pythonProblem(own, uses) ??
    (misnamed && `a name in the certificate of "${oneLine(misnamed, "subject")}" is damaged`) ??
    issuers.map((issuer) => {
      const { constraints: limits, damaged = [] } = usesOf(issuer) ?? {};
      if (damaged.length > 0) {
        return `its issuer "${oneLine(issuer, "subject")}" has a damaged extension (${damaged[0]})`;
      }
      const byAddress = limits !== undefined &&
        [...limits.permitted, ...limits.excluded].some(({ tag }) => tag === NAME_TAG.ip);
      return byAddress
        ? `its issuer "${oneLine(issuer, "subject")}" limits addresses (nameConstraints)`
        : undefined;
    }).find((problem) => problem !== undefined);
  return [
    ...(ours === undefined ? [] : [`This program's own SuperNodes refuse it: ${ours}`]),
    ...(python === undefined ? [] : [`Flower's SuperNodes in Python refuse it: ${python}`]),
  ];
}

/**
 * Whether constraints apply to kinds of names that rustls cannot compare. Every certificate has a directoryName, its
 * subject.
 */
function hasUncompared(
  uses: CertificateUses | undefined,
  limits: NameConstraints | undefined,
): boolean {
  if (limits === undefined) return false;
  const compared: number[] = Object.values(NAME_TAG);
  const own = [DIRECTORY_NAME, ...(uses?.names ?? []).map(({ tag }) => tag)];
  const others = new Set(own.filter((tag) => !compared.includes(tag)));
  return [...limits.permitted, ...limits.excluded].some(({ tag }) => others.has(tag));
}

function pythonProblem(
  certificate: X509Certificate,
  uses: CertificateUses | undefined,
): string | undefined {
  const kind = keyKind(certificate);
  const key = kind && NOT_IN_PYTHON[kind];
  if (key !== undefined) return `it has ${key}`;
  if (encodingFaults(certificate.raw).serial) return "the encoding of its serial number is not DER";
  if (uses === undefined) return undefined;
  if (!uses.maySign) return "its key may not sign (keyUsage without digitalSignature)";
  if (uses.pathLength !== undefined && !uses.isAuthority) {
    return "it has a pathLen, but does not belong to an authority (basicConstraints)";
  }
  if (uses.critical.some((id) => !KNOWN.includes(id))) {
    return "it has a critical extension that they do not support";
  }
  const isNamed = uses.names.every(({ tag, value }) =>
    NAME_TAGS.includes(tag) && (tag !== DIRECTORY_NAME || !isDamagedName(value))
  );
  if (!isNamed) return "its subjectAltName has a damaged name";
  const address = uses.names.find(({ tag, value }) =>
    tag === NAME_TAG.ip && ![4, 16].includes(value.length)
  );
  return address && `${showName(address)} in its subjectAltName is not an IP address`;
}
