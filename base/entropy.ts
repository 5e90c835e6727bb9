/**
 * Has the platform's cryptography gather its entropy now, in another thread, and not at its first use: that takes 30 ms of
 * processor time, for which a first TLS connection or signature would wait (Deno 2.9.3; once in a process).
 */
export function gatherEntropy(): void {
  // A key agreement's key is made in a thread of the pool, by the library that TLS uses. Most other calls wait for it here.
  crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"])
    .catch(() => {}); // Whatever is wrong shows at that first use.
}
