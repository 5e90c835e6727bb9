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
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Clock, systemClock } from "../base/clock.ts";
import { readPem, writePem } from "../auth/pem.ts";
import { FlwrError } from "../base/error.ts";
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
  const { curve = "P-256" } = options;
  const authorityKeys = await newKeys(curve);
  const authorityId = await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validityOf(options),
    signingAlgorithm: signingAlgorithm(curve),
    // A unique name, which distinguishes the authorities of two runs in error messages.
    name: `CN=Flower development authority ${authorityId.keyId.slice(0, 8)}`,
    keys: authorityKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ...await keyIdentifiers(authorityKeys, authorityKeys),
    ],
  });
  return {
    authorityKey: await keyText(authorityKeys),
    authority: certificateText(authority),
    ...await signServer(authority, authorityKeys, options),
  };
}

/**
 * Creates another certificate and key of the server, signed by an authority that {@link makeCertificates} has created. It
 * is valid no longer than the authority.
 *
 * @param authority the authority's certificate and key, as PEM text
 * @throws FlwrError "invalid-argument" for text that is no such certificate or key; "failed-precondition" if they do not
 *   belong together, or the authority has expired
 */
export async function makeServerCertificate(
  authority: Pick<DevelopmentCertificates, "authority" | "authorityKey">,
  options: Omit<MakeCertificatesOptions, "curve"> = {},
): Promise<Pick<DevelopmentCertificates, "server" | "serverKey">> {
  const certificate = readAuthority(authority.authority);
  const { clock = systemClock } = options;
  if (certificate.notAfter.getTime() <= clock.now() * 1000) {
    throw new FlwrError("failed-precondition", "The authority's certificate has expired");
  }
  const curve = (certificate.publicKey.algorithm as EcKeyAlgorithm).namedCurve;
  if (curve !== "P-256" && curve !== "P-384") {
    throw new FlwrError("invalid-argument", "The authority's key is not of a supported curve");
  }
  const publicKey = await certificate.publicKey.export();
  const privateKey = await importKey(authority.authorityKey, curve);
  const made = await signServer(certificate, { publicKey, privateKey }, { ...options, curve });
  if (await new X509Certificate(made.server).verify({ publicKey, signatureOnly: true })) {
    return made;
  }
  throw new FlwrError(
    "failed-precondition",
    "The authority's key does not belong to its certificate",
  );
}

function readAuthority(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "The authority's file has no certificate", { cause });
  }
}

async function importKey(pem: string, namedCurve: string): Promise<CryptoKey> {
  const block = readPem(pem).find(({ label }) => label === "PRIVATE KEY");
  const bytes = block?.bytes ?? new Uint8Array();
  const algorithm = { name: "ECDSA", namedCurve };
  try {
    return await crypto.subtle.importKey("pkcs8", new Uint8Array(bytes), algorithm, false, [
      "sign",
    ]);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "The authority's key cannot be read", { cause });
  }
}

async function signServer(
  authority: X509Certificate,
  authorityKeys: CryptoKeyPair,
  options: MakeCertificatesOptions,
): Promise<Pick<DevelopmentCertificates, "server" | "serverKey">> {
  const { hosts = [], curve = "P-256" } = options;
  const serverKeys = await newKeys(curve);
  const { notBefore, notAfter } = validityOf(options);
  const server = await X509CertificateGenerator.create({
    notBefore,
    notAfter: notAfter < authority.notAfter ? notAfter : authority.notAfter,
    signingAlgorithm: signingAlgorithm(curve),
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
  return { serverKey: await keyText(serverKeys), server: certificateText(server) };
}

function validityOf(
  { days = DEFAULT_CERTIFICATE_DAYS, clock = systemClock }: MakeCertificatesOptions,
) {
  const now = Math.floor(clock.now());
  return {
    notBefore: new Date((now - BACKDATED_SECONDS) * 1000),
    notAfter: new Date((now + days * DAY_SECONDS) * 1000),
  };
}

function signingAlgorithm(curve: "P-256" | "P-384") {
  return { name: "ECDSA", hash: curve === "P-256" ? "SHA-256" : "SHA-384" };
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
