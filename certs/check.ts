import { isIP } from "node:net";
import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import {
  CREATE_KEYS,
  describeFile,
  type NamedFile,
  readText,
  type TextKind,
} from "../auth/read_text.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { MalformedError } from "../auth/der.ts";
import { FlwrError } from "../base/error.ts";
import { log } from "../base/log.ts";
import { type Chain, findChains } from "./chain.ts";
import { CheckBudget } from "./check_budget.ts";
import { chainProblem } from "./chain_problem.ts";
import { clientWarnings } from "./client_warnings.ts";
import { type CertificateUses, type GeneralName, readUses } from "./extensions.ts";
import { type HostName, shortestAddress } from "./host.ts";
import { MAX_SIGNATURES } from "./limits.ts";
import { loadingProblem } from "./loading_problem.ts";
import { NAME_TAG } from "./name_constraints.ts";
import { oneLine } from "./name_text.ts";
import {
  type CertificateList,
  MAKE_THEM,
  parseAuthorities,
  parseCertificates,
  parseKey,
  writeCertificates,
} from "./parse.ts";
import { isKeyOf } from "./public_key.ts";

/** Largest certificate or key file in bytes. Bundles of all public authorities have about 250 KiB. */
const CERTIFICATE_FILE: Omit<TextKind, "what"> = {
  maxBytes: 4 * 1024 * 1024,
  otherText: "latin1",
  ifAbsent: CREATE_KEYS,
};

/** The three TLS files of a server. */
export interface ServerTlsFiles {
  /** Certificate of the authority that clients trust. */
  readonly authority: NamedFile;
  /** The server's certificate, followed by intermediate certificates, if any. */
  readonly certificate: NamedFile;
  readonly key: NamedFile;
}

/** Checked TLS files of a server as PEM for a TLS stack, with facts about the certificate. */
export interface CheckedServerTls {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** Hosts that the certificate names. Clients refuse the server under any other host. */
  readonly hosts: readonly HostName[];
  /** The earliest expiry in the chain. */
  readonly validTo: Date;
  /** Reasons for which some clients refuse the certificate, as sentences. They are also logged. */
  readonly warnings: readonly string[];
}

/**
 * Reads the certificate, key and authority of a server, and checks everything that can be checked before a client
 * connects: the files parse, the key belongs to the certificate, and the certificate is valid now and comes from the
 * authority through issuers that clients accept.
 *
 * @throws FlwrError with file and flag: not-found, permission-denied, invalid-argument (does not parse),
 *   failed-precondition (the files do not belong together, are in the wrong order, expired or not yet valid, name no
 *   host, or the key has a passphrase or is too short)
 */
export async function readServerTls(
  files: ServerTlsFiles,
  clock: Clock = systemClock,
): Promise<CheckedServerTls> {
  const [authority, certificate, key] = await Promise.all([
    readText(files.authority, { ...CERTIFICATE_FILE, what: "Authority" }),
    readText(files.certificate, { ...CERTIFICATE_FILE, what: "Certificate" }),
    readText(files.key, { ...CERTIFICATE_FILE, what: "Key" }),
  ]);
  const authorities = parseAuthorities(authority, files.authority);
  const certificates = parseCertificates(certificate, files.certificate);
  const [own] = certificates;
  const { privateKey, pem } = parseKey(key, files.key);
  requireValidNow([own], files.certificate, clock);
  requireValidNow(authorities, files.authority, clock);
  requireKeyOfFirst(files, certificates, createPublicKey(privateKey));
  const usesOf = rememberUses();
  const chain = requireValidChain(files, certificates, authorities, usesOf, clock);
  const uses = usesOf(own);
  const hosts = hostsOf(uses?.names ?? []);
  const loading = loadingProblem(writeCertificates(certificates), pem);
  if (hosts.length === 0 && (uses !== undefined || loading === undefined)) {
    throw new FlwrError(
      "failed-precondition",
      `Certificate in ${describeFile(files.certificate)} names no host, so clients would refuse it`,
      {
        hints: [
          "Create it with the host as subjectAltName. A common name (CN) is not enough, and an " +
          "address needs type IP",
          MAKE_THEM,
        ],
      },
    );
  }
  if (loading !== undefined) throw refusedByClients(files.certificate, loading);
  const warnings = clientWarnings(chain, usesOf).map((why) =>
    `Certificate in ${describeFile(files.certificate)} does not work with all clients. ${why}`
  );
  for (const warning of warnings) log("certs").warn("{warning}", { warning });
  return {
    warnings,
    authority: writeCertificates(authorities),
    certificate: writeCertificates(certificates),
    key: pem,
    hosts,
    validTo: new Date(Math.min(...chain.map(({ validToDate }) => validToDate.getTime()))),
  };
}

/** @throws FlwrError if the key is not that of the first certificate, which must be the server's own */
function requireKeyOfFirst(
  files: ServerTlsFiles,
  [own, ...others]: readonly [X509Certificate, ...X509Certificate[]],
  publicKey: KeyObject,
): void {
  if (isKeyOf(publicKey, own)) return;
  const certificate = describeFile(files.certificate);
  const place = others.findIndex((other) => isKeyOf(publicKey, other));
  if (place !== -1) {
    throw new FlwrError(
      "failed-precondition",
      `The certificate that belongs to the key is number ${place + 2} in ${certificate}: the ` +
        "server's own certificate must come first",
      {
        hints: ["Put the certificates in order: the server's, its issuer's, the issuer's issuer's"],
      },
    );
  }
  throw new FlwrError(
    "failed-precondition",
    `Key in ${describeFile(files.key)} does not belong to the certificate in ${certificate}`,
    { hints: ["Use the key with which the certificate was created", MAKE_THEM] },
  );
}

/**
 * Reads the certificates of the authorities that a client trusts.
 *
 * @returns the certificates in PEM, for a TLS stack, without other text
 * @throws FlwrError with file and flag: not-found, permission-denied, invalid-argument (contains no certificate),
 *   failed-precondition (no certificate is valid now)
 */
export async function readRootCertificates(
  named: NamedFile,
  clock: Clock = systemClock,
): Promise<string> {
  const text = await readText(named, { ...CERTIFICATE_FILE, what: "Authority" });
  const authorities = parseAuthorities(text, named);
  requireValidNow(authorities, named, clock);
  return writeCertificates(authorities);
}

/** Checks that at least one certificate of a file is valid now. Bundles may contain expired ones. */
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
    hints: ["Check this machine's clock", MAKE_THEM],
  });
}

/**
 * Finds the first chain that clients would accept.
 *
 * @throws FlwrError failed-precondition if there is none, with the problem of the first chain
 */
function requireValidChain(
  files: ServerTlsFiles,
  [own, ...between]: CertificateList,
  authorities: CertificateList,
  usesOf: UsesOf,
  clock: Clock,
): Chain {
  const budget = new CheckBudget();
  let problem: string | undefined;
  for (const chain of findChains(own, between, authorities, budget)) {
    const found = chainProblem(chain, usesOf, clock.now(), budget);
    if (found === undefined) return chain;
    problem ??= found;
    if (budget.isExceeded) break;
  }
  if (problem !== undefined) throw refusedByClients(files.certificate, problem);
  const from = `the authority in ${describeFile(files.authority)}`;
  if (budget.isExceeded) {
    throw new FlwrError(
      "failed-precondition",
      `Certificate in ${describeFile(files.certificate)} could not be traced to ${from}: ` +
        `too many certificates have the names of issuers, and clients verify at most ${MAX_SIGNATURES} signatures`,
      { hints: ["Leave only the server's own issuers in both files"] },
    );
  }
  throw new FlwrError(
    "failed-precondition",
    `Certificate in ${describeFile(files.certificate)} does not come from ${from}: its issuer is "${
      oneLine(own, "issuer")
    }"`,
    {
      hints: ["Add the intermediate certificates to the certificate file, after the server's"],
    },
  );
}

type UsesOf = (certificate: X509Certificate) => CertificateUses | undefined;

/** Caches the uses of certificates. Undefined if they cannot be read; then only the clients can decide. */
function rememberUses(): UsesOf {
  const known = new Map<X509Certificate, CertificateUses | undefined>();
  return (certificate) => {
    if (!known.has(certificate)) known.set(certificate, readUsesOf(certificate));
    return known.get(certificate);
  };
}

function readUsesOf({ raw }: X509Certificate): CertificateUses | undefined {
  try {
    return readUses(raw);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function refusedByClients(named: NamedFile, problem: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `Clients would refuse the certificate in ${describeFile(named)}: ${problem}`,
    { hints: ["Get a new certificate without this problem", MAKE_THEM] },
  );
}

/**
 * The DNS names and addresses of a certificate's subjectAltName, without names that clients never match. They are read
 * from the encoding, because Node's `subjectAltName` is one text in which names can contain commas, and is missing if
 * there are unusual names.
 */
function hostsOf(names: readonly GeneralName[]): HostName[] {
  return names.flatMap(({ tag, value }): HostName[] => {
    if (tag === NAME_TAG.ip && [4, 16].includes(value.length)) {
      return [{ type: "ip", value: addressText(value) }];
    }
    const text = tag === NAME_TAG.dns ? new TextDecoder("latin1").decode(value).toLowerCase() : "";
    // An address in a DNS name does not count, and "*" must be a whole label followed by others.
    const matches = /^[a-z0-9._*-]+$/.test(text) && isIP(text) === 0 &&
      !/^(\*|.+\*.*|.*\.)$/.test(text);
    return matches ? [{ type: "dns", value: text }] : [];
  });
}

/** Text of an IPv4 or IPv6 address. @param bytes 4 or 16 bytes */
function addressText(bytes: Uint8Array): string {
  return bytes.length === 4
    ? bytes.join(".")
    : shortestAddress(bytes.toHex().match(/.{4}/g)!.join(":"));
}
