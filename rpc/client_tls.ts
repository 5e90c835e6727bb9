import { FlwrError } from "../base/error.ts";

/** How a client speaks to a server: over TLS, or in plain text. */
export type ClientTls =
  | "insecure"
  | {
    /** PEM text of the authorities to trust; without it the system's. */
    readonly rootCertificates?: string;
  };

/**
 * The PEM text of root certificates, where it holds one: TLS libraries take a file without for an empty list and then
 * trust nobody, without a word.
 *
 * @throws FlwrError "invalid-argument"
 */
export function checkRoots(pem: string): string {
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new FlwrError("invalid-argument", "The root certificates hold no PEM certificate", {
      hints: [
        'Give the ca.crt of the SuperLink to --root-certificates: it starts "-----BEGIN CERTIFICATE-----"',
      ],
    });
  }
  return pem;
}
