import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
} from "@peculiar/x509";

/** What a certificate says that it may be used for (RFC 5280, section 4.2.1). */
export interface CertificateUses {
  /** Whether it may issue certificates: basicConstraints, and keyUsage where there is one. */
  readonly mayIssue: boolean;
  /** The most authorities that may come between it and a server's certificate; undefined: any number. */
  readonly pathLength?: number;
  /** Whether it, or what it issues, may be a server's: extKeyUsage, where there is one. */
  readonly mayServe: boolean;
  /** Whether it has any extensions: X.509's first version had none, and roots of that time have no basicConstraints. */
  readonly hasExtensions: boolean;
}

/** anyExtendedKeyUsage (RFC 5280, section 4.2.1.12). */
const ANY_USAGE = "2.5.29.37.0";

/** Reads a certificate's uses. @param der the certificate; errors of the parser as they are */
export function readUses(der: Uint8Array): CertificateUses {
  const certificate = new X509Certificate(new Uint8Array(der));
  const constraints = certificate.getExtension(BasicConstraintsExtension);
  const keyUsage = certificate.getExtension(KeyUsagesExtension)?.usages;
  const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages.map(String);
  return {
    mayIssue: constraints?.ca === true &&
      (keyUsage === undefined || (keyUsage & KeyUsageFlags.keyCertSign) !== 0),
    pathLength: constraints?.pathLength,
    mayServe: purposes === undefined || purposes.includes(ExtendedKeyUsage.serverAuth) ||
      purposes.includes(ANY_USAGE),
    hasExtensions: certificate.extensions.length > 0,
  };
}
