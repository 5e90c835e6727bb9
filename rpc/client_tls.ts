import { FlwrError } from "../base/error.ts";

/** How a client connects to a server: over TLS or in plain text. */
export type ClientTls =
  | "insecure"
  | {
    /** PEM text of the authorities to trust; the system's by default. */
    readonly rootCertificates?: string;
  };

/**
 * Checks that a PEM text contains a certificate, and returns it. TLS libraries take a file without one for an empty
 * list, and then silently trust nobody.
 *
 * @throws FlwrError "invalid-argument"
 */
export function checkRoots(pem: string): string {
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new FlwrError("invalid-argument", "The root certificates contain no PEM certificate", {
      hints: [
        'Give the ca.crt of the SuperLink to --root-certificates: it starts "-----BEGIN CERTIFICATE-----"',
      ],
    });
  }
  return pem;
}
