import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { describeFile, type NamedFile, readText } from "../auth/read_text.ts";
import { readPem, writePem } from "../auth/pem.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { isIssuedBy } from "./chain.ts";
import { type HostName, shortestAddress } from "./host.ts";
import { MAX_CERTIFICATE_FILE_BYTES } from "./limits.ts";

/** The three files that a server with TLS is given. */
export interface ServerTlsFiles {
  /** The authority that clients trust. */
  readonly authority: NamedFile;
  /** The server's certificate, followed by those between it and the authority, if there are any. */
  readonly certificate: NamedFile;
  readonly key: NamedFile;
}

/** The texts of checked files, ready for a TLS stack, and what the certificate says. */
export interface ServerTls {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** The hosts that the certificate names: clients refuse to reach the server by any other. */
  readonly hosts: readonly HostName[];
  readonly validTo: Date;
}

const MAKE_THEM = "Make development certificates with: flwr keys generate";

/**
 * Reads the certificate, key and authority of a server, and checks all that can be known before a client connects:
 * each file parses, the key is the certificate's, the certificate is valid now and comes from the authority.
 *
 * @throws FlwrError naming file and flag: not-found, permission-denied, invalid-argument (does not parse),
 *   failed-precondition (they do not belong together, are expired or not yet valid, or the key has a passphrase)
 */
export async function readServerTls(
  files: ServerTlsFiles,
  clock: Clock = systemClock,
): Promise<ServerTls> {
  const [authority, certificate, key] = await Promise.all([
    readText(files.authority, "Authority", MAX_CERTIFICATE_FILE_BYTES),
    readText(files.certificate, "Certificate", MAX_CERTIFICATE_FILE_BYTES),
    readText(files.key, "Key", MAX_CERTIFICATE_FILE_BYTES),
  ]);
  const authorities = parseCertificates(authority, files.authority);
  const [own, ...between] = parseCertificates(certificate, files.certificate);
  const privateKey = parseKey(key, files.key);
  requireValidNow([own], files.certificate, clock);
  requireValidNow(authorities, files.authority, clock);
  if (!sameKey(createPublicKey(privateKey), own.publicKey)) {
    throw new FlwrError(
      "failed-precondition",
      `Key in ${describeFile(files.key)} does not belong to the certificate in ${
        describeFile(files.certificate)
      }`,
      { hints: ["Give the key that the certificate was made with", MAKE_THEM] },
    );
  }
  if (!isIssuedBy(own, between, authorities)) {
    throw new FlwrError(
      "failed-precondition",
      `Certificate in ${describeFile(files.certificate)} does not come from the authority in ${
        describeFile(files.authority)
      }: its issuer is "${oneLine(own.issuer)}"`,
      {
        hints: ["Put the certificates between both into the certificate file, after the server's"],
      },
    );
  }
  return { authority, certificate, key, hosts: hostsOf(own), validTo: own.validToDate };
}

/**
 * Reads the authorities that a client trusts.
 *
 * @returns the file's text, for a TLS stack
 * @throws FlwrError naming file and flag: not-found, permission-denied, invalid-argument (holds no certificate),
 *   failed-precondition (none of them is valid now)
 */
export async function readRootCertificates(
  named: NamedFile,
  clock: Clock = systemClock,
): Promise<string> {
  const text = await readText(named, "Authority", MAX_CERTIFICATE_FILE_BYTES);
  requireValidNow(parseCertificates(text, named), named, clock);
  return text;
}

function parseCertificates(
  text: string,
  named: NamedFile,
): [X509Certificate, ...X509Certificate[]] {
  const blocks = readPem(text).filter(({ label }) => label === "CERTIFICATE");
  const certificates = blocks.map(({ bytes }, index) => {
    try {
      return new X509Certificate(bytes ?? "");
    } catch (cause) {
      const which = `Certificate ${index + 1} in ${describeFile(named)}`;
      throw new FlwrError("invalid-argument", `${which} is damaged`, { cause });
    }
  });
  const [first, ...others] = certificates;
  if (first !== undefined) return [first, ...others];
  const instead = /PRIVATE KEY-----/.test(text) ? ": it is a private key" : "";
  throw new FlwrError(
    "invalid-argument",
    `File ${describeFile(named)} holds no certificate in PEM${instead}`,
    { hints: [MAKE_THEM] },
  );
}

function parseKey(text: string, named: NamedFile): KeyObject {
  const block = readPem(text).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (block === undefined) {
    const instead = text.includes("BEGIN CERTIFICATE") ? ": it is a certificate" : "";
    throw new FlwrError(
      "invalid-argument",
      `File ${describeFile(named)} holds no private key in PEM${instead}`,
      { hints: [MAKE_THEM] },
    );
  }
  if (block.encrypted || block.label === "ENCRYPTED PRIVATE KEY") {
    throw new FlwrError(
      "failed-precondition",
      `Key in ${describeFile(named)} is protected by a passphrase`,
      { hints: [`Write it without one: openssl pkey -in ${named.file} -out NEW`] },
    );
  }
  try {
    return createPrivateKey(writePem(block.label, block.bytes ?? new Uint8Array()));
  } catch (cause) {
    throw new FlwrError("invalid-argument", `Key in ${describeFile(named)} is damaged`, { cause });
  }
}

/** Refuses the file unless one of its certificates is valid now: bundles may hold outdated ones. */
function requireValidNow(
  certificates: readonly X509Certificate[],
  named: NamedFile,
  clock: Clock,
): void {
  const now = new Date(clock.now() * 1000);
  const problems = certificates.map(({ validFromDate, validToDate }) =>
    now < validFromDate
      ? `is not valid before ${validFromDate.toISOString()}: it is ${now.toISOString()} here`
      : now > validToDate
      ? `expired at ${validToDate.toISOString()}`
      : undefined
  );
  const [problem] = problems;
  if (problem === undefined || problems.includes(undefined)) return;
  throw new FlwrError("failed-precondition", `Certificate in ${describeFile(named)} ${problem}`, {
    hints: ["Compare this machine's clock with another's", MAKE_THEM],
  });
}

function sameKey(a: KeyObject, b: KeyObject): boolean {
  return a.export({ type: "spki", format: "der" }).equals(
    b.export({ type: "spki", format: "der" }),
  );
}

/** The DNS names and addresses of a certificate's subjectAltName. */
function hostsOf({ subjectAltName = "" }: X509Certificate): HostName[] {
  return subjectAltName.split(", ").flatMap((name): HostName[] => {
    const [, kind, value = ""] = /^(DNS|IP Address):(.+)$/.exec(name) ?? [];
    if (kind === "DNS") return [{ type: "dns", value: value.toLowerCase() }];
    return kind === undefined ? [] : [{ type: "ip", value: shortestAddress(value.toLowerCase()) }];
  });
}

function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}
