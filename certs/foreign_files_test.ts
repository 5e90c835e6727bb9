import assert from "node:assert/strict";
import { readPem } from "../auth/pem.ts";
import { FakeClock } from "../base/clock.ts";
import { type ErrorCode, FlwrError } from "../base/error.ts";
import { readRootCertificates, readServerTls } from "./check.ts";

/** A time within the validity of the certificates. */
const clock = new FakeClock(1_797_000_000);
const file = (name: string) => ({ file: `tests/vectors/files/cert_${name}` });
const server = (certificate: string, key: string) =>
  readServerTls({
    authority: file("root.crt"),
    certificate: file(`${certificate}.crt`),
    key: file(`${key}.key`),
  }, clock);

async function refused(
  action: Promise<unknown>,
  code: ErrorCode,
  sentence: RegExp,
  hint?: RegExp,
): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.match(error.message, sentence);
    if (hint !== undefined) assert.match(error.hints.join("\n"), hint);
    return error.code === code;
  });
}

Deno.test("certificates: a valid one is read, without the text around the blocks", async () => {
  const { hosts, certificate } = await server("plain", "plain");
  assert.equal(hosts.length, 3);
  assert.match(certificate, /^-----BEGIN CERTIFICATE-----\n/);
  const roots = await readRootCertificates(file("bundle_latin1.crt"), clock);
  assert.match(
    roots,
    /^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/,
  );
});

Deno.test("certificates: one that names no host is refused", () =>
  refused(server("cnonly", "cnonly"), "failed-precondition", /names no host/, /subjectAltName/));

Deno.test("certificates: an RSA key that is too short is refused with its length", () =>
  refused(server("rsa1024", "rsa1024"), "failed-precondition", /RSA key of 1024 bits/));

Deno.test("certificates: a wrong order has another error than a wrong key", async () => {
  for (
    const [chain, key] of [["viainter_wrong_order", "viainter"], ["root_first", "plain"]] as const
  ) {
    await refused(
      server(chain, key),
      "failed-precondition",
      /is number 2 in .*: the server's own certificate must come first$/,
    );
  }
  await refused(server("plain", "cnonly"), "failed-precondition", /does not belong to/);
});

Deno.test("certificates: explicit curve parameters are refused with their own error", async () => {
  await refused(server("expl", "expl"), "invalid-argument", /explicit parameters/);
  await refused(server("plain", "expl"), "invalid-argument", /Key in .* explicit parameters/);
});

Deno.test("certificates: errors for other formats name the format and the conversion", async () => {
  const root = await Deno.readTextFile(file("root.crt").file);
  const der = Uint8Array.fromBase64(root.replaceAll(/-----[^-]+-----|\s/g, ""));
  await refused(
    readRootCertificates(file("root_trusted.crt"), clock),
    "invalid-argument",
    /OpenSSL's own format/,
    /openssl x509 -in .*cert_root_trusted\.crt -out NEW/,
  );
  const folder = await Deno.makeTempDir();
  try {
    const cases: [string, Uint8Array, RegExp, RegExp][] = [
      ["der", der, /it seems to be binary/, /-inform der/],
      ["p7b", new TextEncoder().encode("-----BEGIN PKCS7-----\n"), /PKCS #7/, /-print_certs/],
      ["utf16", new Uint8Array([0xff, 0xfe, ...new TextEncoder().encode(root)]), /UTF-16/, /UTF-8/],
    ];
    for (const [name, bytes, sentence, hint] of cases) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, bytes);
      await refused(
        readRootCertificates({ file: path }, clock),
        "invalid-argument",
        sentence,
        hint,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("certificates: an unreadable authority is skipped in a bundle", async () => {
  const root = await Deno.readTextFile(file("root.crt").file);
  const path = await Deno.makeTempFile();
  try {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    await Deno.writeTextFile(path, broken + root);
    assert.equal(await readRootCertificates({ file: path }, clock), root);
    await Deno.writeTextFile(path, broken);
    await refused(
      readRootCertificates({ file: path }, clock),
      "invalid-argument",
      /1 in .* is damaged/,
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("certificates: errors for other files name the kind of file and the command that helps", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const other = { file: `${folder}/other` };
    const plain = { authority: file("root.crt"), certificate: file("plain.crt") };
    const certificate = (name: RegExp, hint: RegExp) =>
      refused(readRootCertificates(other, clock), "invalid-argument", name, hint);
    const key = (name: RegExp, hint: RegExp) =>
      refused(readServerTls({ ...plain, key: other }, clock), "invalid-argument", name, hint);
    await Deno.writeFile(other.file, Uint8Array.fromHex("308204720201033082042806092a8648"));
    await certificate(/PKCS #12/, /openssl pkcs12 -nokeys/);
    await key(/PKCS #12/, /openssl pkcs12 -nocerts/);
    const pem = await Deno.readTextFile(file("plain.key").file);
    await Deno.writeFile(other.file, readPem(pem)[0]!.bytes!);
    await certificate(/private key/, /flwr keys generate/);
    await key(/binary \(DER\)/, /openssl pkey -inform der/);
    await Deno.writeTextFile(other.file, pem + pem);
    await key(/one of 2 in the file/, /Leave only/);
    await Deno.writeTextFile(other.file, "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n");
    await certificate(/request/, /authority sign it/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
