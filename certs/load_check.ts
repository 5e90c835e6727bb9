/** How rustls says that a server cannot use a certificate (rustls 0.23, webpki 0.103), and that in words. */
const REASONS: readonly (readonly [word: string, problem: string])[] = [
  ["UnsupportedCriticalExtension", "it has a critical extension that TLS libraries do not know"],
  ["ExtensionValueInvalid", "one of its extensions is there twice, or is damaged"],
  ["UnsupportedCertVersion", "it is not of X.509's third version"],
  ["SignatureAlgorithmMismatch", "it names two algorithms for one signature"],
  ["BadEncoding", "it is larger than 64 KiB, or its encoding (DER) is not strict"],
  ["private key", "its key is of a kind that is not supported"],
];

const NETWORK = [
  Deno.errors.AddrNotAvailable,
  Deno.errors.AddrInUse,
  Deno.errors.NotCapable,
  Deno.errors.PermissionDenied,
];

/**
 * Has the platform's TLS server take a certificate and key, as it does for the server itself: what it refuses has no sentence
 * of its own there. It listens on a free port of this machine for less than a millisecond.
 *
 * @param certificate PEM text, with those behind it
 * @returns the problem in words; undefined where there is none
 */
export function problemOfLoading(certificate: string, key: string): string | undefined {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key }).close();
    return undefined;
  } catch (error) {
    // A machine without loopback: the server's own start will tell.
    const isNetwork = NETWORK.some((kind) => error instanceof kind);
    if (!(error instanceof Error) || isNetwork) return undefined;
    const { message } = error;
    return REASONS.find(([word]) => message.includes(word))?.[1] ??
      `it cannot be used (${message.slice(0, 100)})`;
  }
}

/** Whether the platform's TLS clients take an authority, in PEM: they parse it when they are made, and connect to nothing then. */
export function isTrustable(authority: string): boolean {
  try {
    Deno.createHttpClient({ caCerts: [authority] }).close();
    return true;
  } catch {
    return false;
  }
}
