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

/** Prefix of rustls's certificate errors. Deno's fetch uses rustls. */
const REFUSED = /invalid peer certificate: (.*)/;
/** Its reasons (rustls 0.23, CertificateError; webpki 0.103, Error), which may appear anywhere in the text. */
const REASONS: readonly (readonly [word: string, refusal: CertificateRefusal])[] = [
  ["UnknownIssuer", "unknown-authority"],
  // Two authorities with the same name, as those of development certificates have.
  ["BadSignature", "unknown-authority"],
  ["Expired", "expired"],
  ["NotValidYet", "not-yet-valid"],
  ["NotValidForName", "wrong-host"],
  ["CaUsedAsEndEntity", "authority-as-server"],
  ["UnsupportedCertVersion", "old-version"],
  ["NameConstraint", "forbidden-name"],
];

/**
 * Why the transport refused the server's certificate, from its error text; undefined for an error about something
 * else. A probe with another TLS library may come to another conclusion.
 */
export function certificateRefusal(details: string): CertificateRefusal | undefined {
  const why = REFUSED.exec(details)?.[1];
  if (why === undefined) return undefined;
  return REASONS.find(([word]) => why.includes(word))?.[1] ?? "other";
}
