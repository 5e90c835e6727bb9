import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Clock, systemClock } from "../base/clock.ts";
import { writePem } from "../auth/pem.ts";
import { type HostName, LOCAL_HOSTS } from "./host.ts";
import { DEFAULT_CERTIFICATE_DAYS } from "./limits.ts";

/** Options of {@link makeCertificates}. */
export interface MakeCertificatesOptions {
  /** Hosts in addition to LOCAL_HOSTS; default: none. */
  readonly hosts?: readonly HostName[];
  /** Validity in days; default DEFAULT_CERTIFICATE_DAYS. */
  readonly days?: number;
  /** Curve of both keys; default P-256, which is the fastest and which every TLS stack supports. */
  readonly curve?: "P-256" | "P-384";
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A development authority and a SuperLink's certificate, as the texts of four PEM files. */
export interface DevelopmentCertificates {
  readonly authorityKey: string;
  readonly authority: string;
  readonly serverKey: string;
  /** Signed by the authority. */
  readonly server: string;
}

/** Seconds by which the validity begins in the past, for machines whose clocks are slow. */
const BACKDATED_SECONDS = 3600;
const DAY_SECONDS = 24 * 3600;

/**
 * Creates an authority and a server certificate (RFC 5280), for development or a single federation. Anyone with the
 * authority's key can impersonate any SuperLink to the nodes that trust the authority.
 */
export async function makeCertificates(
  options: MakeCertificatesOptions = {},
): Promise<DevelopmentCertificates> {
  const { hosts = [], days = DEFAULT_CERTIFICATE_DAYS, curve = "P-256", clock = systemClock } =
    options;
  const now = Math.floor(clock.now());
  const validity = {
    notBefore: new Date((now - BACKDATED_SECONDS) * 1000),
    notAfter: new Date((now + days * DAY_SECONDS) * 1000),
    signingAlgorithm: { name: "ECDSA", hash: curve === "P-256" ? "SHA-256" : "SHA-384" },
  };
  const [authorityKeys, serverKeys] = await Promise.all([newKeys(curve), newKeys(curve)]);
  const authorityId = await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    // A unique name, which distinguishes the authorities of two runs in error messages.
    name: `CN=Flower development authority ${authorityId.keyId.slice(0, 8)}`,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ...await keyIdentifiers(authorityKeys, authorityKeys),
    ],
  });
  const server = await X509CertificateGenerator.create({
    ...validity,
    subject: "CN=Flower SuperLink",
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(withoutDoubles([...LOCAL_HOSTS, ...hosts])),
      ...await keyIdentifiers(serverKeys, authorityKeys),
    ],
  });
  return {
    authorityKey: await keyText(authorityKeys),
    authority: certificateText(authority),
    serverKey: await keyText(serverKeys),
    server: certificateText(server),
  };
}

function newKeys(namedCurve: string): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
}

async function keyIdentifiers(subject: CryptoKeyPair, issuer: CryptoKeyPair) {
  return [
    await SubjectKeyIdentifierExtension.create(subject.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
}

function withoutDoubles(hosts: readonly HostName[]): HostName[] {
  return [...new Map(hosts.map((host) => [host.value, host])).values()];
}

function certificateText(certificate: X509Certificate): string {
  return certificate.toString("pem") + "\n";
}

async function keyText(keys: CryptoKeyPair): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return writePem("PRIVATE KEY", new Uint8Array(pkcs8));
}
