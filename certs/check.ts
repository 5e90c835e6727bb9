import { isIP } from "node:net";
import { createPublicKey, type X509Certificate } from "node:crypto";
import { describeFile, type NamedFile, readText } from "../auth/read_text.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { MalformedError } from "../auth/der.ts";
import { FlwrError } from "../base/error.ts";
import { log } from "../base/log.ts";
import { type Chain, findChains } from "./chain.ts";
import { CheckBudget } from "./check_budget.ts";
import { problemOfChain } from "./check_chain.ts";
import { clientWarnings } from "./client_warnings.ts";
import { type CertificateUses, type GeneralName, readUses } from "./extensions.ts";
import { type HostName, shortestAddress } from "./host.ts";
import { MAX_SIGNATURES } from "./limits.ts";
import { problemOfLoading } from "./load_check.ts";
import { NAME_TAG } from "./name_constraints.ts";
import { oneLine } from "./name_text.ts";
import {
  type Certificates,
  MAKE_THEM,
  parseAuthorities,
  parseCertificates,
  parseKey,
  writeCertificates,
} from "./parse.ts";
import { isKeyOf } from "./public_key.ts";

/** Largest certificate or key file that is read, in bytes: the bundles of all public authorities have about 250 KiB. */
const MAX_CERTIFICATE_FILE_BYTES = 4 * 1024 * 1024;

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
  /** When the first certificate of the chain expires. */
  readonly validTo: Date;
  /** Why some clients will refuse the certificate, in sentences; they are logged, too. */
  readonly warnings: readonly string[];
}

/**
 * Reads the certificate, key and authority of a server, and checks all that can be known before a client connects:
 * each file parses, the key is the certificate's, the certificate is valid now and comes from the authority over
 * issuers that clients accept.
 *
 * @throws FlwrError naming file and flag: not-found, permission-denied, invalid-argument (does not parse),
 *   failed-precondition (they do not belong together or are in the wrong order, are expired or not yet valid, name no
 *   host, or the key has a passphrase or is too short)
 */
export async function readServerTls(
  files: ServerTlsFiles,
  clock: Clock = systemClock,
): Promise<ServerTls> {
  const [authority, certificate, key] = await Promise.all([
    readText(files.authority, "Authority", MAX_CERTIFICATE_FILE_BYTES, "latin1"),
    readText(files.certificate, "Certificate", MAX_CERTIFICATE_FILE_BYTES, "latin1"),
    readText(files.key, "Key", MAX_CERTIFICATE_FILE_BYTES, "latin1"),
  ]);
  const authorities = parseAuthorities(authority, files.authority);
  const certificates = parseCertificates(certificate, files.certificate);
  const [own, ...between] = certificates;
  const { privateKey, pem } = parseKey(key, files.key);
  requireValidNow([own], files.certificate, clock);
  requireValidNow(authorities, files.authority, clock);
  const publicKey = createPublicKey(privateKey);
  if (!isKeyOf(publicKey, own)) {
    const place = between.findIndex((other) => isKeyOf(publicKey, other));
    if (place !== -1) {
      throw new FlwrError(
        "failed-precondition",
        `Certificate in ${describeFile(files.certificate)} that belongs to the key is number ${
          place + 2
        } in the file: the server's own certificate must come first`,
        {
          hints: ["Put the certificates in order: the server's, its issuer's, that one's issuer's"],
        },
      );
    }
    throw new FlwrError(
      "failed-precondition",
      `Key in ${describeFile(files.key)} does not belong to the certificate in ${
        describeFile(files.certificate)
      }`,
      { hints: ["Give the key that the certificate was made with", MAKE_THEM] },
    );
  }
  const usesOf = rememberUses();
  const chain = requireValidChain(files, certificates, authorities, usesOf, clock);
  const uses = usesOf(own);
  const hosts = hostsOf(uses?.names ?? []);
  const loading = problemOfLoading(writeCertificates(certificates), pem);
  if (hosts.length === 0 && (uses !== undefined || loading === undefined)) {
    throw new FlwrError(
      "failed-precondition",
      `Certificate in ${describeFile(files.certificate)} names no host: clients would refuse it`,
      {
        hints: [
          "Have it made with the host as subjectAltName: a common name (CN) is not enough, and an " +
          "address must be one of type IP",
          MAKE_THEM,
        ],
      },
    );
  }
  if (loading !== undefined) throw refusedByClients(files.certificate, loading);
  const warnings = clientWarnings(chain, usesOf).map((why) =>
    `Certificate in ${describeFile(files.certificate)} is not for all clients. ${why}`
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

/**
 * Reads the authorities that a client trusts.
 *
 * @returns its certificates in PEM, for a TLS stack, without what stands between them
 * @throws FlwrError naming file and flag: not-found, permission-denied, invalid-argument (holds no certificate),
 *   failed-precondition (none of them is valid now)
 */
export async function readRootCertificates(
  named: NamedFile,
  clock: Clock = systemClock,
): Promise<string> {
  const text = await readText(named, "Authority", MAX_CERTIFICATE_FILE_BYTES, "latin1");
  const authorities = parseAuthorities(text, named);
  requireValidNow(authorities, named, clock);
  return writeCertificates(authorities);
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

/**
 * The first chain that clients would accept.
 *
 * @throws FlwrError "failed-precondition" with what is wrong with the first, or where there is none
 */
function requireValidChain(
  files: ServerTlsFiles,
  [own, ...between]: Certificates,
  authorities: Certificates,
  usesOf: UsesOf,
  clock: Clock,
): Chain {
  const budget = new CheckBudget();
  let problem: string | undefined;
  for (const chain of findChains(own, between, authorities, budget)) {
    const found = problemOfChain(chain, usesOf, clock.now(), budget);
    if (found === undefined) return chain;
    problem ??= found;
    if (budget.isExceeded) break;
  }
  if (problem !== undefined) throw refusedByClients(files.certificate, problem);
  const from = `the authority in ${describeFile(files.authority)}`;
  if (budget.isExceeded) {
    throw new FlwrError(
      "failed-precondition",
      `Certificate in ${describeFile(files.certificate)} was not found to come from ${from}: ` +
        `clients verify at most ${MAX_SIGNATURES} signatures, and too many certificates have the names of issuers`,
      { hints: ["Leave only the server's own issuers in both files"] },
    );
  }
  throw new FlwrError(
    "failed-precondition",
    `Certificate in ${describeFile(files.certificate)} does not come from ${from}: its issuer is "${
      oneLine(own, "issuer")
    }"`,
    {
      hints: ["Put the certificates between both into the certificate file, after the server's"],
    },
  );
}

type UsesOf = (certificate: X509Certificate) => CertificateUses | undefined;

/** What a certificate may be used for, read once; undefined where that cannot be read, and clients decide alone. */
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
    { hints: ["Have the certificate made anew by an authority that may", MAKE_THEM] },
  );
}

/**
 * The DNS names and addresses of a certificate's subjectAltName, without names that clients match with no host. They are read
 * as they are encoded: Node's `subjectAltName` is one text, in which a name can hold a comma, and none for odd names beside.
 */
function hostsOf(names: readonly GeneralName[]): HostName[] {
  return names.flatMap(({ tag, value }): HostName[] => {
    if (tag === NAME_TAG.ip && [4, 16].includes(value.length)) {
      return [{ type: "ip", value: addressText(value) }];
    }
    const text = tag === NAME_TAG.dns ? new TextDecoder("latin1").decode(value).toLowerCase() : "";
    // An address counts as one alone, and "*" stands for one label of several.
    const matches = /^[a-z0-9._*-]+$/.test(text) && isIP(text) === 0 &&
      !/^(\*|.+\*.*|.*\.)$/.test(text);
    return matches ? [{ type: "dns", value: text }] : [];
  });
}

/** @param bytes of an IPv4 or IPv6 address */
function addressText(bytes: Uint8Array): string {
  return bytes.length === 4
    ? bytes.join(".")
    : shortestAddress(bytes.toHex().match(/.{4}/g)!.join(":"));
}
