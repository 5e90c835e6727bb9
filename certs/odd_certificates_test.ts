import assert from "node:assert/strict";
import vectors from "../tests/vectors/certs/odd.json" with { type: "json" };
import { writePem } from "../auth/pem.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type CheckedServerTls, readRootCertificates, readServerTls } from "./check.ts";

/** The time at which the certificates were created. */
const clock = new FakeClock(Date.UTC(2026, 10, 30, 12) / 1000);
type Case = (typeof vectors.cases)[number];

const pem = (label: string, ...ders: readonly string[]) =>
  ders.map((der) => writePem(label, Uint8Array.fromBase64(der))).join("");

/** Reads a case's files. @returns the warnings, or the error */
async function read(one: Case): Promise<readonly string[] | FlwrError> {
  const outcome = await readTls(one);
  return outcome instanceof FlwrError ? outcome : outcome.warnings;
}

async function readTls({ chain, key, authority }: Case): Promise<CheckedServerTls | FlwrError> {
  let outcome: CheckedServerTls | FlwrError | undefined;
  await inTemporaryFolder(async (folder) => {
    const files = {
      authority: { file: `${folder}/ca` },
      certificate: { file: `${folder}/crt` },
      key: { file: `${folder}/key` },
    };
    await Deno.writeTextFile(files.authority.file, pem("CERTIFICATE", ...authority));
    await Deno.writeTextFile(files.certificate.file, pem("CERTIFICATE", ...chain));
    await Deno.writeTextFile(files.key.file, pem("PRIVATE KEY", key));
    try {
      outcome = await readServerTls(files, clock);
    } catch (error) {
      assert.ok(error instanceof FlwrError, `${error}`);
      outcome = error;
    }
  });
  return outcome!;
}

/** Refused although both clients connect, because RFC 5280, section 6.1.4 (k), and other TLS libraries refuse them. */
const STRICTER = ["authority without BC", "authority expired", "year 9999"];
const BOTH_READ = ["authority with duplicate ext among"];

Deno.test("certificates: a start predicts each client's refusal, and refuses nothing else", async () => {
  assert.ok(vectors.cases.length > 100);
  for (const one of vectors.cases) {
    const outcome = await read(one);
    const shown = `${one.name}: ${outcome instanceof FlwrError ? outcome.message : outcome}`;
    if (one.rustls && one.boringssl) {
      if (STRICTER.includes(one.name)) continue;
      assert.ok(!(outcome instanceof FlwrError), shown);
      assert.deepEqual(outcome, [], shown);
    } else if (!one.rustls && !one.boringssl) {
      assert.ok(outcome instanceof FlwrError, shown);
    } else if (!(outcome instanceof FlwrError) && !BOTH_READ.includes(one.name)) {
      const who = one.rustls ? /SuperNodes in Python refuse it/ : /own SuperNodes refuse it/;
      assert.ok(outcome.some((warning) => who.test(warning)), shown);
    }
  }
});

Deno.test("certificates: an authority that TLS refuses is skipped", async () => {
  const { authority } = vectors.cases.find(({ name }) => name === BOTH_READ[0])!;
  await inTemporaryFolder(async (folder) => {
    const file = `${folder}/ca`;
    await Deno.writeTextFile(file, pem("CERTIFICATE", ...authority));
    const roots = await readRootCertificates({ file }, clock);
    assert.equal(roots, pem("CERTIFICATE", authority[1]!));
    // The platform accepts the whole list.
    Deno.createHttpClient({ caCerts: [roots] }).close();
  });
});

Deno.test("certificates: an authority of P-384 that signs with SHA-256, and an empty subject, are read", async () => {
  for (const name of ["P-384 authority", "P-521 authority", "empty subject"]) {
    assert.deepEqual(await read(vectors.cases.find((one) => one.name === name)!), []);
  }
});

Deno.test("certificates: errors for those that clients refuse have a reason and a hint", async () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    "SHA-1": /signed with SHA-1/,
    "SHA-1 RSA": /signed with SHA-1/,
    "EKU any": /extKeyUsage/,
    "unknown critical": /critical extension/,
    "CA unknown critical (inter)": /critical extension/,
    "NC permits other": /may not issue for "localhost" \(nameConstraints\)/,
    "NC excludes localhost (inter)": /may not issue for "localhost" \(nameConstraints\)/,
    "NC permits localhost, ip other": /may not issue for "127\.0\.0\.1" \(nameConstraints\)/,
    "RSA 1024 authority": /RSA key of 1024 bits/,
    "> 64 KiB good": /64 KiB/,
    "trailing garbage": /DER/,
    "duplicate ext EKU": /twice/,
    "version 2 with extensions": /not X\.509 version 3/,
    "UTCTime without seconds": /validity/,
    "SAN address as DNS": /names no host/,
    "secp256k1 leaf": /kind of key is not supported/,
    "secp256k1 authority": /on an unsupported curve/,
    "RSA 16384 authority": /16384 bits: at most 8192/,
    "RSA exponent of 34 bits authority": /invalid modulus or exponent/,
    "NC wildcard, a host of it excluded": /may not issue for "\*\.example\.com"/,
    "NC mail other": /may not issue for "a@other\.org"/,
    "NC URI excluded": /may not issue for "http:\/\/other\.org\/"/,
    "NC directory other (inter)": /may not issue for the subject "CN=s"/,
    "inter EKU any": /extKeyUsage/,
    "NC empty subtree": /damaged extension \(nameConstraints\)/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const outcome = await read(vectors.cases.find((one) => one.name === name)!);
    assert.ok(outcome instanceof FlwrError, name);
    assert.match(outcome.message, reason);
    assert.ok(outcome.hints.length > 0, name);
  }
});

Deno.test("certificates: hosts are read separately, whatever other names there are", async () => {
  const cases = vectors.cases.filter(({ name }) => /^SAN .* beside$/.test(name));
  assert.ok(cases.length > 10);
  for (const one of cases) {
    const outcome = await readTls(one);
    assert.ok(!(outcome instanceof FlwrError), one.name);
    const hosts = outcome.hosts.map(({ value }) => value);
    assert.ok(hosts.includes("localhost"), one.name);
    // One of the names is "a, DNS:evil.org".
    assert.ok(!hosts.some((host) => host.includes("evil")), one.name);
  }
});

Deno.test("certificates: an authority that TLS clients accept is not skipped, whatever its extensions are", async () => {
  for (const name of ["CA damaged SAN", "CA damaged EKU", "CA damaged KU"]) {
    const { authority } = vectors.cases.find((one) => one.name === name)!;
    await inTemporaryFolder(async (folder) => {
      const file = `${folder}/ca`;
      await Deno.writeTextFile(file, pem("CERTIFICATE", ...authority));
      assert.equal(await readRootCertificates({ file }, clock), pem("CERTIFICATE", ...authority));
    });
  }
});
