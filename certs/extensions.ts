// The certificate's own grammar alone: all of @peculiar/x509 takes twice as long to load, at every start with TLS.
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
} from "@peculiar/asn1-x509";

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
  const { extensions = [] } = AsnConvert.parse(new Uint8Array(der), Certificate).tbsCertificate;
  const valueOf = <T>(id: string, type: new () => T): T | undefined => {
    const extension = extensions.find(({ extnID }) => extnID === id);
    return extension && AsnConvert.parse(extension.extnValue, type);
  };
  const constraints = valueOf(id_ce_basicConstraints, BasicConstraints);
  const keyUsage = valueOf(id_ce_keyUsage, KeyUsage)?.toNumber();
  const purposes = valueOf(id_ce_extKeyUsage, ExtendedKeyUsage);
  return {
    mayIssue: constraints?.cA === true &&
      (keyUsage === undefined || (keyUsage & KeyUsageFlags.keyCertSign) !== 0),
    pathLength: constraints?.pathLenConstraint,
    mayServe: purposes === undefined || purposes.includes(id_kp_serverAuth) ||
      purposes.includes(ANY_USAGE),
    hasExtensions: extensions.length > 0,
  };
}
