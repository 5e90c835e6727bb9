/** Errors of rustls for a certificate that a server cannot use (rustls 0.23, webpki 0.103), with their meaning. */
const REASONS: readonly (readonly [word: string, problem: string])[] = [
  ["UnsupportedCriticalExtension", "it has a critical extension that TLS libraries do not support"],
  ["ExtensionValueInvalid", "one of its extensions occurs twice or is damaged"],
  ["UnsupportedCertVersion", "it is not X.509 version 3"],
  ["SignatureAlgorithmMismatch", "it names two algorithms for one signature"],
  ["BadEncoding", "it is larger than 64 KiB, or its encoding (DER) is not strict"],
  ["private key", "its kind of key is not supported"],
];

const NETWORK = [
  Deno.errors.AddrNotAvailable,
  Deno.errors.AddrInUse,
  Deno.errors.NotCapable,
  Deno.errors.PermissionDenied,
];

/**
 * Tests whether the platform's TLS server accepts a certificate and key, because its own error at the start of the real
 * server is hard to understand. Listens on a free loopback port for less than a millisecond.
 *
 * @param certificate PEM text of the certificate and its intermediates
 * @returns the problem; undefined if there is none
 */
export function loadingProblem(certificate: string, key: string): string | undefined {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key }).close();
    return undefined;
  } catch (error) {
    // A machine without loopback. The start of the server will report it.
    const isNetwork = NETWORK.some((kind) => error instanceof kind);
    if (!(error instanceof Error) || isNetwork) return undefined;
    const { message } = error;
    return REASONS.find(([word]) => message.includes(word))?.[1] ??
      `it cannot be used (${message.slice(0, 100)})`;
  }
}

/**
 * Whether the platform's TLS client accepts an authority in PEM. It parses it when it is created, without a connection.
 */
export function isTrustable(authority: string): boolean {
  try {
    Deno.createHttpClient({ caCerts: [authority] }).close();
    return true;
  } catch {
    return false;
  }
}
