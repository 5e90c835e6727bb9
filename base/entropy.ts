/**
 * Starts gathering entropy in another thread. Otherwise the platform's cryptography does so at its first use, which
 * takes 30 ms of processor time and would delay the first TLS connection or signature (Deno 2.9.3; once per process).
 */
export function gatherEntropy(): void {
  // A key for key agreement is generated in a thread of the pool, by the library that TLS uses. Most other calls would
  // block this thread.
  crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"])
    .catch(() => {}); // An error will show at the first use.
}
