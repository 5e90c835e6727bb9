import "reflect-metadata";
import {
  BasicConstraintsExtension,
  type GeneralNameType,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { isIP } from "node:net";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

/** A certificate authority and a server certificate signed by it, as PEM text. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Creates certificates for a test.
 *
 * @param names the server's host names and IP addresses; with an empty list only its common name is localhost
 * @param days validity in days, from yesterday; negative for expired certificates
 */
export async function testCertificates(
  names: readonly string[] = ["localhost", "127.0.0.1", "::1"],
  days = 30,
): Promise<TestCertificates> {
  const notBefore = new Date(Date.now() - DAY * (days < 0 ? 1 - days : 1));
  const notAfter = new Date(Date.now() + DAY * days);
  const caKeys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Test CA",
    keys: caKeys,
    notBefore,
    notAfter: new Date(Date.now() + DAY * 365),
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${names[0] ?? "localhost"}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    extensions: names.length === 0 ? [] : [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: nameType(value), value })),
      ),
    ],
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { ca: ca.toString("pem"), cert: leaf.toString("pem"), key: privatePem(pkcs8) };
}

/** A server's certificate that is its own authority, as many guides create it, with its key. */
export async function selfSignedAuthority(): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
    ],
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { cert: certificate.toString("pem"), key: privatePem(pkcs8) };
}

function nameType(name: string): GeneralNameType {
  return isIP(name) === 0 ? "dns" : "ip";
}

function privatePem(pkcs8: Uint8Array): string {
  const lines = pkcs8.toBase64().match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
}
