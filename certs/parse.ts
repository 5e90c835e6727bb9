import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { derKind } from "../auth/der_kind.ts";
import { type PemBlock, privateBlocks, readPem, writePem } from "../auth/pem.ts";
import { EC_PUBLIC_KEY, EXPLICIT_PARAMETERS } from "../auth/pkcs8.ts";
import { describeFile, type NamedFile } from "../auth/read_text.ts";
import { FlwrError } from "../base/error.ts";
import { log } from "../base/log.ts";
import { MIN_RSA_BITS } from "./limits.ts";
import { isTrustable } from "./loading_problem.ts";
import { rsaBits } from "./public_key.ts";

/** Hint for errors about unsuitable files. */
export const MAKE_THEM = "Create development certificates with: flwr keys generate";

/** PEM labels of a certificate: the current and an obsolete one (RFC 7468, section 5.1). */
const LABELS = ["CERTIFICATE", "X509 CERTIFICATE"];
const TRUSTED = "TRUSTED CERTIFICATE";

/** The certificates of a file, at least one. */
export type CertificateList = readonly [X509Certificate, ...X509Certificate[]];

/**
 * Parses the certificates of a server. All of them must be readable.
 *
 * @throws FlwrError invalid-argument, naming the first certificate that is not
 */
export function parseCertificates(text: string, named: NamedFile): CertificateList {
  const certificates = certificateBlocks(text, named).map((block, i) => {
    const certificate = parseCertificate(block, `Certificate ${i + 1} in ${describeFile(named)}`);
    requireUsableKey(certificate, `Certificate ${i + 1} in ${describeFile(named)}`);
    return certificate;
  });
  return atLeastOne(certificates, text, named);
}

/**
 * Parses the certificates of authorities. Unreadable ones are skipped with a warning, because bundles of a whole system
 * may contain unsupported ones.
 *
 * @throws FlwrError invalid-argument if none is readable
 */
export function parseAuthorities(text: string, named: NamedFile): CertificateList {
  const blocks = certificateBlocks(text, named);
  const refused: FlwrError[] = [];
  const certificates = blocks.flatMap((block, i) => {
    try {
      const which = `Certificate ${i + 1} in ${describeFile(named)}`;
      const certificate = parseCertificate(block, which);
      // TLS stacks refuse a whole list because of one such certificate.
      if (isTrustable(writeCertificates([certificate]))) return [certificate];
      throw new FlwrError(
        "invalid-argument",
        `${which} has a repeated or damaged extension, or is larger than 64 KiB`,
        { hints: ["Get a new certificate of the authority", MAKE_THEM] },
      );
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      refused.push(error);
      return [];
    }
  });
  if (certificates.length === 0 && refused.length > 0) throw refused[0]!;
  for (const { message } of refused) {
    log("certs").warn("{message}. It is skipped", { message });
  }
  return atLeastOne(certificates, text, named);
}

/** Encodes certificates in PEM, for a TLS stack. */
export function writeCertificates(certificates: CertificateList): string {
  return certificates.map(({ raw }) => writePem("CERTIFICATE", raw)).join("");
}

function certificateBlocks(text: string, named: NamedFile): PemBlock[] {
  const blocks = readPem(text);
  if (blocks.some(({ label }) => label === TRUSTED)) {
    throw new FlwrError(
      "invalid-argument",
      `File ${
        describeFile(named)
      } contains a certificate in OpenSSL's own format ("BEGIN ${TRUSTED}")`,
      { hints: [`Convert it: openssl x509 -in ${named.file} -out NEW`] },
    );
  }
  return blocks.filter(({ label }) => LABELS.includes(label));
}

function parseCertificate({ bytes }: PemBlock, which: string): X509Certificate {
  try {
    return new X509Certificate(bytes ?? "");
  } catch (cause) {
    throw new FlwrError("invalid-argument", `${which} is damaged`, { hints: [MAKE_THEM], cause });
  }
}

/** Refuses a certificate whose key TLS stacks cannot use, for which their own errors are unclear. */
function requireUsableKey(certificate: X509Certificate, which: string): void {
  if (hasExplicitParameters(certificate.raw)) throw explicitParameters(which);
  requireLongEnough(rsaBits(certificate), which);
}

/** Refuses an RSA key that is too short. @param bits length of the RSA key; undefined for other keys */
function requireLongEnough(bits: number | undefined, which: string): void {
  if (bits === undefined || bits >= MIN_RSA_BITS) return;
  throw new FlwrError(
    "failed-precondition",
    `${which} has an RSA key of ${bits} bits: at least ${MIN_RSA_BITS} are needed`,
    { hints: [MAKE_THEM] },
  );
}

function atLeastOne(
  [first, ...others]: readonly X509Certificate[],
  text: string,
  named: NamedFile,
): CertificateList {
  if (first !== undefined) return [first, ...others];
  const { what, hint } = otherThanCertificates(text, named.file);
  throw new FlwrError(
    "invalid-argument",
    `File ${describeFile(named)} contains no certificate in PEM${what}`,
    { hints: [hint] },
  );
}

function otherThanCertificates(text: string, file: string): { what: string; hint: string } {
  if (/PRIVATE KEY-----/.test(text)) return { what: ": it is a private key", hint: MAKE_THEM };
  if (/-----BEGIN (PKCS7|CMS)-----/.test(text)) {
    const hint = `Take the certificates out: openssl pkcs7 -print_certs -in ${file} -out NEW`;
    return { what: ": it is a PKCS #7 bundle", hint };
  }
  if (/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)) {
    const hint = "Let the authority sign it, and use the resulting certificate";
    return { what: ": it is a certificate request", hint };
  }
  const der = derKind(text);
  if (der === "PKCS #12") {
    const hint = `Take the certificates out: openssl pkcs12 -nokeys -in ${file} -out NEW`;
    return { what: ": it is a PKCS #12 bundle", hint };
  }
  if (der !== undefined) return { what: ": it is a private key", hint: MAKE_THEM };
  // DER begins with a sequence of more than 255 bytes.
  if (text.startsWith("0\u0082") || text.startsWith("0\u201a") || text.startsWith("0\ufffd")) {
    return {
      what: ": it seems to be binary (DER)",
      hint: `Convert it: openssl x509 -inform der -in ${file} -out NEW`,
    };
  }
  return { what: "", hint: MAKE_THEM };
}

/**
 * Parses the private key of a server.
 *
 * @returns the key, and its PEM block without other text
 * @throws FlwrError invalid-argument if the key is missing, damaged or of an unsupported kind; failed-precondition if
 *   it has a passphrase or is too short
 */
export function parseKey(text: string, named: NamedFile): { privateKey: KeyObject; pem: string } {
  const which = `Key in ${describeFile(named)}`;
  const { block, count, encrypted } = privateBlocks(text);
  if (count > 1) {
    throw new FlwrError("invalid-argument", `${which} is one of ${count} in the file`, {
      hints: ["Leave only the certificate's key in the file"],
    });
  }
  if (block === undefined) throw noPrivateKey(text, named);
  if (encrypted) {
    throw new FlwrError("failed-precondition", `${which} is protected by a passphrase`, {
      hints: [`Remove the passphrase: openssl pkey -in ${named.file} -out NEW`],
    });
  }
  if (block.label === "OPENSSH PRIVATE KEY") {
    throw new FlwrError(
      "invalid-argument",
      `${which} is in OpenSSH's format, which TLS cannot use`,
      {
        hints: [`Convert a copy: ssh-keygen -p -m PEM -f COPY`, MAKE_THEM],
      },
    );
  }
  const bytes = block.bytes ?? new Uint8Array();
  if (hasExplicitParameters(bytes)) throw explicitParameters(which);
  const pem = writePem(block.label, bytes);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new FlwrError("invalid-argument", `${which} is damaged`, { cause });
  }
  requireLongEnough(privateKey.asymmetricKeyDetails?.modulusLength, which);
  return { privateKey, pem };
}

function noPrivateKey(text: string, named: NamedFile): FlwrError {
  const der = derKind(text);
  const [instead, hint] = text.includes("BEGIN CERTIFICATE")
    ? [": it is a certificate", MAKE_THEM]
    : der === "PKCS #12"
    ? [
      ": it is a PKCS #12 bundle",
      `Take the key out: openssl pkcs12 -nocerts -nodes -in ${named.file} -out NEW`,
    ]
    : der !== undefined
    ? [": it is binary (DER)", `Convert it: openssl pkey -inform der -in ${named.file} -out NEW`]
    : ["", MAKE_THEM];
  return new FlwrError(
    "invalid-argument",
    `File ${describeFile(named)} contains no private key in PEM${instead}`,
    { hints: [hint] },
  );
}

/** Whether a key has explicit curve parameters: id-ecPublicKey followed by a sequence (RFC 5480, section 2.1.1). */
function hasExplicitParameters(der: Uint8Array): boolean {
  const hex = der.toHex();
  const named = `06${EC_PUBLIC_KEY.length.toString(16).padStart(2, "0")}${EC_PUBLIC_KEY.toHex()}30`;
  // In SEC 1 files, the identifier of a prime field (X9.62) occurs only in explicit parameters.
  return hex.includes(named) || hex.includes("06072a8648ce3d0101");
}

function explicitParameters(which: string): FlwrError {
  return new FlwrError("invalid-argument", `${which} cannot be used: ${EXPLICIT_PARAMETERS}`, {
    hints: [
      "Create a new key with a named curve: openssl ecparam -name prime256v1 -genkey -noout",
      MAKE_THEM,
    ],
  });
}
