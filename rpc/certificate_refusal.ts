/** Why the transport itself refused a server's certificate. */
export type CertificateRefusal =
  | "unknown-authority"
  | "expired"
  | "not-yet-valid"
  | "wrong-host"
  | "authority-as-server"
  | "old-version"
  | "forbidden-name"
  | "other";

/** How rustls, by which fetch makes TLS, begins what it has against a certificate. */
const REFUSED = /invalid peer certificate: (.*)/;
/** Its reasons (rustls 0.23, CertificateError; webpki 0.103, Error), wherever they stand in its words. */
const REASONS: readonly (readonly [word: string, refusal: CertificateRefusal])[] = [
  ["UnknownIssuer", "unknown-authority"],
  // Two authorities of one name, as development certificates' are.
  ["BadSignature", "unknown-authority"],
  ["Expired", "expired"],
  ["NotValidYet", "not-yet-valid"],
  ["NotValidForName", "wrong-host"],
  ["CaUsedAsEndEntity", "authority-as-server"],
  ["UnsupportedCertVersion", "old-version"],
  ["NameConstraint", "forbidden-name"],
];

/**
 * What the transport has against the server's certificate, as its words say; undefined where they do not speak of one.
 * Another look at the server, by another TLS library, may come to another opinion.
 */
export function certificateRefusal(details: string): CertificateRefusal | undefined {
  const why = REFUSED.exec(details)?.[1];
  if (why === undefined) return undefined;
  return REASONS.find(([word]) => why.includes(word))?.[1] ?? "other";
}
