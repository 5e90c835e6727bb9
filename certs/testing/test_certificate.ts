import "reflect-metadata";
import { type Extension, X509CertificateGenerator } from "@peculiar/x509";
import { writePem } from "../../auth/pem.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const DAY_SECONDS = 24 * 3600;

/** A certificate with its key. */
export interface TestCertificate {
  /** Its common name. */
  readonly name: string;
  readonly keys: CryptoKeyPair;
  /** The certificate as PEM text. */
  readonly pem: string;
  /** The private key as PEM text. */
  readonly key: string;
}

/** Options of {@link testCertificate}. */
export interface TestCertificateOptions {
  /** Signs the certificate. Default: it signs itself. */
  readonly issuer?: Pick<TestCertificate, "name" | "keys">;
  /** Default: none. */
  readonly extensions?: readonly Extension[];
  /** Begin of the validity, as Unix time in seconds. Default: yesterday. */
  readonly from?: number;
  /** End of the validity, as Unix time in seconds. Default: tomorrow. */
  readonly to?: number;
  /** Default: new keys on P-256. */
  readonly keys?: CryptoKeyPair;
}

/** Creates a certificate for a test. */
export async function testCertificate(
  name: string,
  { issuer, extensions = [], from, to, keys }: TestCertificateOptions = {},
): Promise<TestCertificate> {
  const own = keys ?? await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const now = Date.now() / 1000;
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer?.name ?? name}`,
    publicKey: own.publicKey,
    signingKey: (issuer?.keys ?? own).privateKey,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    notBefore: new Date((from ?? now - DAY_SECONDS) * 1000),
    notAfter: new Date((to ?? now + DAY_SECONDS) * 1000),
    extensions: [...extensions],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", own.privateKey);
  return {
    name,
    keys: own,
    pem: certificate.toString("pem") + "\n",
    key: writePem("PRIVATE KEY", new Uint8Array(pkcs8)),
  };
}
