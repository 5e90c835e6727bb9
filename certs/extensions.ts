// Uses the project's own DER reader, because ASN.1 libraries take 60 to 100 ms to load, at every start with TLS.
import { DerReader, MalformedError, TAG } from "../auth/der.ts";

/** Uses that a certificate's extensions allow (RFC 5280, section 4.2.1). */
export interface CertificateUses {
  /** Whether it may issue certificates, by basicConstraints and, if present, keyUsage. */
  readonly mayIssue: boolean;
  /** Largest number of authorities between it and a server's certificate; undefined: no limit. */
  readonly pathLength?: number;
  /** Whether it belongs to an authority, by basicConstraints alone. */
  readonly isAuthority: boolean;
  /**
   * Whether it, or what it issues, may serve TLS, by extKeyUsage if present. "Any purpose" is not enough for clients.
   */
  readonly mayServe: boolean;
  /** Whether its key may sign a handshake, by keyUsage if present. */
  readonly maySign: boolean;
  /** Object identifiers of its critical extensions, in hexadecimal. */
  readonly critical: readonly string[];
  /** Whether an extension that clients check occurs twice, which RFC 5280, section 4.2, forbids. */
  readonly isRepeated: boolean;
  /** Names of extensions that cannot be parsed. They are treated as missing. */
  readonly damaged: readonly (keyof typeof ID)[];
  /** The names in its subjectAltName, still encoded. */
  readonly names: readonly GeneralName[];
  /** Constraints on the names of certificates that it issues. */
  readonly constraints?: NameConstraints;
  /** Whether it has any extensions. Roots of X.509 version 1 have none, and so no basicConstraints. */
  readonly hasExtensions: boolean;
}

/** An encoded name (RFC 5280, section 4.2.1.6). The tag is its kind. */
export interface GeneralName {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** NameConstraints (RFC 5280, section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Encoded object identifiers, in hexadecimal. */
const ID = {
  /** 2.5.29.15 */
  keyUsage: "551d0f",
  /** 2.5.29.17 */
  subjectAltName: "551d11",
  /** 2.5.29.30 */
  nameConstraints: "551d1e",
  /** 2.5.29.19 */
  basicConstraints: "551d13",
  /** 2.5.29.37 */
  extKeyUsage: "551d25",
  /** 1.3.6.1.5.5.7.3.1, id-kp-serverAuth */
  serverAuth: "2b06010505070301",
} as const;

/** Critical extensions that both rustls 0.23 and BoringSSL support. */
export const KNOWN: readonly string[] = [
  ID.keyUsage,
  ID.subjectAltName,
  ID.basicConstraints,
  ID.nameConstraints,
  ID.extKeyUsage,
];

/** Tags of the nine kinds of GeneralName (RFC 5280, section 4.2.1.6). */
export const NAME_TAGS: readonly number[] = [0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88];

/** TBSCertificate's `extensions [3] EXPLICIT`. */
const EXTENSIONS = 0xa3;
/** digitalSignature, bit 0, and keyCertSign, bit 5, of the first byte of KeyUsage's bits. */
const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x80 >> 5;

/**
 * Reads a certificate's uses from its extensions.
 *
 * @param der the certificate
 * @throws MalformedError if it is not a certificate, or its list of extensions cannot be parsed
 */
export function readUses(der: Uint8Array): CertificateUses {
  const { values: extensions, critical, isRepeated } = readExtensions(der);
  const damaged: (keyof typeof ID)[] = [];
  const valueOf = <T>(id: keyof typeof ID, read: (value: DerReader) => T): T | undefined => {
    const value = extensions.get(ID[id]);
    try {
      return value && read(new DerReader(value));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      damaged.push(id);
      return undefined;
    }
  };
  const constraints = valueOf("basicConstraints", readBasicConstraints);
  const bits = valueOf("keyUsage", readKeyUsage) ?? DIGITAL_SIGNATURE | KEY_CERT_SIGN;
  const purposes = valueOf("extKeyUsage", readPurposes);
  const limits = valueOf("nameConstraints", readNameConstraints);
  const names = valueOf("subjectAltName", (value) => readNames(value.read(TAG.sequence)));
  return {
    mayIssue: constraints?.isAuthority === true && (bits & KEY_CERT_SIGN) !== 0,
    pathLength: constraints?.pathLength,
    isAuthority: constraints?.isAuthority === true,
    mayServe: purposes === undefined || purposes.has(ID.serverAuth),
    maySign: (bits & DIGITAL_SIGNATURE) !== 0,
    hasExtensions: extensions.size > 0,
    critical,
    isRepeated,
    damaged,
    names: names ?? [],
    ...(limits === undefined ? {} : { constraints: limits }),
  };
}

interface Extensions {
  /** Contents of extensions by identifier. Of duplicates, the first counts. */
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly critical: readonly string[];
  readonly isRepeated: boolean;
}

function readExtensions(der: Uint8Array): Extensions {
  const values = new Map<string, Uint8Array>();
  const critical: string[] = [];
  let isRepeated = false;
  const certificate = new DerReader(new DerReader(der).read(TAG.sequence));
  const fields = new DerReader(certificate.read(TAG.sequence));
  while (!fields.done) {
    const { tag, contents } = fields.next();
    if (tag !== EXTENSIONS) continue;
    const list = new DerReader(new DerReader(contents).read(TAG.sequence));
    while (!list.done) {
      const extension = new DerReader(list.read(TAG.sequence));
      const id = extension.read(TAG.oid).toHex();
      if (extension.readOptional(TAG.boolean)?.[0] === 0xff) critical.push(id);
      const value = extension.read(TAG.octets);
      if (values.has(id)) isRepeated ||= KNOWN.includes(id);
      else values.set(id, value);
    }
  }
  return { values, critical, isRepeated };
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
function readBasicConstraints(value: DerReader): { isAuthority: boolean; pathLength?: number } {
  const fields = new DerReader(value.read(TAG.sequence));
  const isAuthority = (fields.readOptional(TAG.boolean)?.[0] ?? 0) !== 0;
  if (fields.done) return { isAuthority };
  const pathLength = fields.readUnsigned().reduce((sum, byte) => sum * 256 + byte, 0);
  return { isAuthority, pathLength };
}

/** KeyUsage ::= BIT STRING. The contents are the number of unused bits, then the bits. */
function readKeyUsage(value: DerReader): number {
  const [, first = 0] = value.read(TAG.bits);
  return first;
}

/**
 * NameConstraints ::= SEQUENCE { permitted [0] SEQUENCE OF SEQUENCE { base }, excluded [1] the same }
 *
 * A subtree's minimum is 0, which DER does not encode, and it has no maximum (RFC 5280, section 4.2.1.10).
 */
function readNameConstraints(value: DerReader): NameConstraints {
  const fields = new DerReader(value.read(TAG.sequence));
  const subtrees = (tag: number) => {
    const list = new DerReader(fields.readOptional(tag) ?? new Uint8Array());
    const names: GeneralName[] = [];
    while (!list.done) {
      const [name, ...others] = readNames(list.read(TAG.sequence));
      if (name === undefined || others.length > 0 || !NAME_TAGS.includes(name.tag)) {
        throw new MalformedError("a subtree is not one name");
      }
      names.push(name);
    }
    return names;
  };
  const [permitted, excluded] = [subtrees(0xa0), subtrees(0xa1)];
  fields.end();
  return { permitted, excluded };
}

/** GeneralNames ::= SEQUENCE OF GeneralName. The tag of each is its kind. */
function readNames(list: Uint8Array): GeneralName[] {
  const reader = new DerReader(list);
  const names: GeneralName[] = [];
  while (!reader.done) {
    const { tag, contents } = reader.next();
    names.push({ tag, value: contents });
  }
  return names;
}

/** ExtKeyUsageSyntax ::= SEQUENCE OF OBJECT IDENTIFIER */
function readPurposes(value: DerReader): Set<string> {
  const list = new DerReader(value.read(TAG.sequence));
  const purposes = new Set<string>();
  while (!list.done) purposes.add(list.read(TAG.oid).toHex());
  return purposes;
}
