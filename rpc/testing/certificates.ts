import "reflect-metadata";
import {
  BasicConstraintsExtension,
  type GeneralNameType,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { isIP } from "node:net";
import { testCertificate } from "../../certs/testing/test_certificate.ts";

const DAY_SECONDS = 24 * 3600;
const AUTHORITY = new BasicConstraintsExtension(true, undefined, true);

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
  const now = Date.now() / 1000;
  const from = now - DAY_SECONDS * (days < 0 ? 1 - days : 1);
  const issuer = await testCertificate("Test CA", {
    extensions: [AUTHORITY],
    from,
    to: now + DAY_SECONDS * 365,
  });
  const { pem, key } = await testCertificate(names[0] ?? "localhost", {
    issuer,
    extensions: names.length === 0 ? [] : [namesExtension(names)],
    from,
    to: now + DAY_SECONDS * days,
  });
  return { ca: issuer.pem, cert: pem, key };
}

/** A server's certificate that is its own authority, as many guides create it, with its key. */
export async function selfSignedAuthority(): Promise<{ cert: string; key: string }> {
  const extensions = [AUTHORITY, namesExtension(["localhost"])];
  const { pem, key } = await testCertificate("localhost", { extensions });
  return { cert: pem, key };
}

function namesExtension(names: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: nameType(value), value })),
  );
}

function nameType(name: string): GeneralNameType {
  return isIP(name) === 0 ? "dns" : "ip";
}
