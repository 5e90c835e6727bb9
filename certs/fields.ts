import { DerReader, TAG } from "../auth/der.ts";

/** Explicit [0] of TBSCertificate: the version. */
const VERSION = 0xa0;

/** Mandatory fields of a certificate (RFC 5280, section 4.1), still encoded. */
export interface CertificateFields {
  /** The bytes of the serial number's INTEGER. */
  readonly serial: Uint8Array;
  /** A Name in DER. */
  readonly issuer: Uint8Array;
  /** The two encoded times of the validity period. */
  readonly validity: Uint8Array;
  /** A Name in DER. */
  readonly subject: Uint8Array;
  /** The SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
}

/**
 * Reads a certificate's fields.
 *
 * @param der the certificate
 * @throws MalformedError if it is not a certificate
 */
export function readFields(der: Uint8Array): CertificateFields {
  const certificate = new DerReader(new DerReader(der).read(TAG.sequence));
  const fields = new DerReader(certificate.read(TAG.sequence));
  fields.readOptional(VERSION);
  const serial = fields.read(TAG.integer);
  fields.read(TAG.sequence); // the algorithm
  return {
    serial,
    issuer: fields.raw(),
    validity: fields.read(TAG.sequence),
    subject: fields.raw(),
    publicKey: fields.raw(),
  };
}
