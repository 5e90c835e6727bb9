// Read by our own reader of DER: the libraries for it take 60 to 100 ms to load, at every start with TLS.
import { DerReader, TAG } from "../auth/der.ts";

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

/** Object identifiers, as the hexadecimal digits of their encoding. */
const ID = {
  /** 2.5.29.15 */
  keyUsage: "551d0f",
  /** 2.5.29.19 */
  basicConstraints: "551d13",
  /** 2.5.29.37 */
  extKeyUsage: "551d25",
  /** 2.5.29.37.0, anyExtendedKeyUsage */
  anyUsage: "551d2500",
  /** 1.3.6.1.5.5.7.3.1, id-kp-serverAuth */
  serverAuth: "2b06010505070301",
} as const;

/** TBSCertificate's `extensions [3] EXPLICIT`. */
const EXTENSIONS = 0xa3;
/** keyCertSign, bit 5, of the first byte of KeyUsage's bits. */
const KEY_CERT_SIGN = 0x80 >> 5;

/**
 * Reads a certificate's uses.
 *
 * @param der the certificate
 * @throws MalformedError for what is no certificate, or has an extension that cannot be read
 */
export function readUses(der: Uint8Array): CertificateUses {
  const extensions = readExtensions(der);
  const valueOf = <T>(id: string, read: (value: DerReader) => T): T | undefined => {
    const value = extensions.get(id);
    return value && read(new DerReader(value));
  };
  const constraints = valueOf(ID.basicConstraints, readBasicConstraints);
  const mayCertSign = valueOf(ID.keyUsage, readKeyCertSign) ?? true;
  const purposes = valueOf(ID.extKeyUsage, readPurposes);
  return {
    mayIssue: constraints?.isAuthority === true && mayCertSign,
    pathLength: constraints?.pathLength,
    mayServe: purposes === undefined || purposes.has(ID.serverAuth) || purposes.has(ID.anyUsage),
    hasExtensions: extensions.size > 0,
  };
}

/** The values of a certificate's extensions, by their identifiers. The first counts of those that are there twice. */
function readExtensions(der: Uint8Array): Map<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  const certificate = new DerReader(new DerReader(der).read(TAG.sequence));
  const fields = new DerReader(certificate.read(TAG.sequence));
  while (!fields.done) {
    const { tag, contents } = fields.next();
    if (tag !== EXTENSIONS) continue;
    const list = new DerReader(new DerReader(contents).read(TAG.sequence));
    while (!list.done) {
      const extension = new DerReader(list.read(TAG.sequence));
      const id = extension.read(TAG.oid).toHex();
      extension.readOptional(TAG.boolean); // whether it is critical
      const value = extension.read(TAG.octets);
      if (!extensions.has(id)) extensions.set(id, value);
    }
  }
  return extensions;
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
function readBasicConstraints(value: DerReader): { isAuthority: boolean; pathLength?: number } {
  const fields = new DerReader(value.read(TAG.sequence));
  const isAuthority = (fields.readOptional(TAG.boolean)?.[0] ?? 0) !== 0;
  if (fields.done) return { isAuthority };
  const pathLength = fields.readUnsigned().reduce((sum, byte) => sum * 256 + byte, 0);
  return { isAuthority, pathLength };
}

/** KeyUsage ::= BIT STRING: the number of unused bits, then the bits. */
function readKeyCertSign(value: DerReader): boolean {
  const [, first = 0] = value.read(TAG.bits);
  return (first & KEY_CERT_SIGN) !== 0;
}

/** ExtKeyUsageSyntax ::= SEQUENCE OF OBJECT IDENTIFIER */
function readPurposes(value: DerReader): Set<string> {
  const list = new DerReader(value.read(TAG.sequence));
  const purposes = new Set<string>();
  while (!list.done) purposes.add(list.read(TAG.oid).toHex());
  return purposes;
}
