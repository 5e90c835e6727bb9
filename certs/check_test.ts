import assert from "node:assert/strict";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { installed, runTool } from "../auth/testing/tools.ts";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { readRootCertificates, readServerTls } from "./check.ts";
import { makeCertificates } from "./make.ts";

const DAY = 24 * 3600;

/** Files of a server and of another one in a temporary folder, created at the clock's start. */
function withFiles(
  body: (files: ReturnType<typeof named>, clock: FakeClock, folder: string) => Promise<void>,
): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const clock = new FakeClock();
    for (const name of ["own", "other"]) {
      const made = await makeCertificates({ days: 10, clock });
      await Deno.writeTextFile(`${folder}/${name}.ca`, made.authority);
      await Deno.writeTextFile(`${folder}/${name}.pem`, made.server);
      await Deno.writeTextFile(`${folder}/${name}.key`, made.serverKey);
    }
    await body(named(folder), clock, folder);
  });
}

function named(folder: string) {
  return {
    authority: { file: `${folder}/own.ca`, flag: "--ssl-ca-certfile" },
    certificate: { file: `${folder}/own.pem`, flag: "--ssl-certfile" },
    key: { file: `${folder}/own.key`, flag: "--ssl-keyfile" },
  };
}

/** Asserts that reading fails with this code and a message that contains all parts. */
async function refused(reading: Promise<unknown>, code: string, ...parts: string[]): Promise<void> {
  const error = await reading.then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, `not refused: ${error}`);
  assert.equal(error.code, code, error.message);
  for (const part of parts) assert.ok(error.message.includes(part), error.message);
}

Deno.test("files that belong together are read, with hosts and expiry", () =>
  withFiles(async (files, clock) => {
    const tls = await readServerTls(files, clock);
    assert.deepEqual(tls.hosts.map(({ value }) => value), ["localhost", "127.0.0.1", "::1"]);
    assert.equal(tls.validTo.getTime() / 1000, clock.now() + 10 * DAY);
    assert.equal(tls.key, await Deno.readTextFile(files.key.file));
    assert.equal(await readRootCertificates(files.authority, clock), tls.authority);
  }));

Deno.test("a certificate that is not valid now is refused, with the time of its validity", () =>
  withFiles(async (files, clock) => {
    const at = (days: number) => new FakeClock(clock.now() + days * DAY);
    await refused(
      readServerTls(files, at(11)),
      "failed-precondition",
      `own.pem" (--ssl-certfile) expired at 2027-01-25T08:00:00`,
    );
    await refused(
      readServerTls(files, at(-1)),
      "failed-precondition",
      "(--ssl-certfile) is not valid before 2027-01-15T07:00:00",
      "it is 2027-01-14T08:00:00",
    );
    await refused(
      readRootCertificates(files.authority, at(11)),
      "failed-precondition",
      `own.ca" (--ssl-ca-certfile) expired at`,
    );
  }));

Deno.test("an expired authority in a bundle does not matter if another is valid", () =>
  withFiles(async ({ authority }, clock, folder) => {
    const old = await makeCertificates({ days: 1, clock: new FakeClock(clock.now() - 9 * DAY) });
    const bundle = `${folder}/bundle`;
    await Deno.writeTextFile(bundle, old.authority + await Deno.readTextFile(authority.file));
    assert.match(await readRootCertificates({ file: bundle }, clock), /BEGIN/);
  }));

Deno.test("files that do not belong together are refused, naming both", () =>
  withFiles(async (files, clock, folder) => {
    await refused(
      readServerTls(
        { ...files, key: { file: `${folder}/other.key`, flag: "--ssl-keyfile" } },
        clock,
      ),
      "failed-precondition",
      `other.key" (--ssl-keyfile) does not belong to`,
      `own.pem" (--ssl-certfile)`,
    );
    await refused(
      readServerTls({ ...files, authority: { file: `${folder}/other.ca` } }, clock),
      "failed-precondition",
      `own.pem" (--ssl-certfile) does not come from the authority in`,
      `other.ca"`,
      "CN=Flower development authority ",
    );
  }));

Deno.test("files with other contents are refused, naming the contents", () =>
  withFiles(async (files, clock, folder) => {
    const { certificate, key } = files;
    await refused(
      readServerTls({ ...files, certificate: key }, clock),
      "invalid-argument",
      "contains no certificate in PEM: it is a private key",
    );
    await refused(
      readServerTls({ ...files, key: certificate }, clock),
      "invalid-argument",
      "contains no private key in PEM: it is a certificate",
    );
    const damaged = { file: `${folder}/damaged`, flag: "--ssl-certfile" };
    for (const text of ["", "hello"]) {
      await Deno.writeTextFile(damaged.file, text);
      await refused(
        readRootCertificates(damaged, clock),
        "invalid-argument",
        "contains no certificate",
      );
    }
    const text = await Deno.readTextFile(certificate.file);
    await Deno.writeTextFile(damaged.file, text.replace(/\n.{64}\n/, "\n"));
    await refused(readRootCertificates(damaged, clock), "invalid-argument", "Certificate 1 in");
    const keyText = await Deno.readTextFile(key.file);
    await Deno.writeTextFile(damaged.file, keyText.replace(/\n.{64}\n/, "\n"));
    await refused(
      readServerTls({ ...files, key: damaged }, clock),
      "invalid-argument",
      "is damaged",
    );
    await refused(
      readServerTls({ ...files, key: { file: `${folder}/none`, flag: "--ssl-keyfile" } }, clock),
      "not-found",
      `none" (--ssl-keyfile) does not exist`,
    );
  }));

Deno.test({
  name: "RSA files of openssl as the example makes them are read; an encrypted key is refused",
  ignore: !installed("openssl"),
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const files = named(folder);
      const [ca, cert, key] = [files.authority.file, files.certificate.file, files.key.file];
      const caKey = `${folder}/ca.key`;
      const subject = ["-subj", "/C=DE/CN=localhost"];
      await runTool("openssl", "genrsa", "-out", caKey, "2048");
      await runTool("openssl", "req", "-new", "-x509", "-key", caKey, "-out", ca, ...subject);
      await runTool("openssl", "genrsa", "-traditional", "-out", key, "2048");
      await Deno.writeTextFile(`${folder}/ext`, "subjectAltName = DNS:localhost, IP:::1");
      await runTool("openssl", "req", "-new", "-key", key, "-out", `${folder}/csr`, ...subject);
      await runTool(
        ...["openssl", "x509", "-req", "-in", `${folder}/csr`, "-CA", ca, "-CAkey", caKey] as const,
        ...["-CAcreateserial", "-extfile", `${folder}/ext`, "-out", cert],
      );
      const { hosts } = await readServerTls(files);
      assert.deepEqual(hosts.map(({ value }) => value), ["localhost", "::1"]);

      const secret = ["-aes128", "-passout", "pass:secret"];
      for (const options of [secret, [...secret, "-traditional"]]) {
        await runTool("openssl", "rsa", "-in", key, "-out", `${folder}/locked`, ...options);
        await refused(
          readServerTls({ ...files, key: { file: `${folder}/locked` } }),
          "failed-precondition",
          "is protected by a passphrase",
        );
      }
    }),
});

Deno.test({
  name: "a certificate of an intermediate authority is accepted if the file contains both",
  ignore: !installed("openssl"),
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const files = named(folder);
      const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
      const issue = (name: string, issuer: string[], extension: string) =>
        runTool(
          ...["openssl", "req", "-x509", ...ec, "-keyout", `${folder}/${name}.key`] as const,
          ...["-out", `${folder}/${name}`, "-subj", `/CN=${name}`, "-addext", extension, ...issuer],
        );
      const by = (name: string) => ["-CA", `${folder}/${name}`, "-CAkey", `${folder}/${name}.key`];
      await issue("root", [], "keyUsage=keyCertSign");
      await issue("middle", by("root"), "keyUsage=keyCertSign");
      await issue("leaf", by("middle"), "subjectAltName=DNS:localhost");
      const [leaf, middle] = await Promise.all(
        ["leaf", "middle"].map((name) => Deno.readTextFile(`${folder}/${name}`)),
      );
      await Deno.rename(`${folder}/leaf.key`, files.key.file);
      await Deno.rename(`${folder}/root`, files.authority.file);
      await Deno.writeTextFile(files.certificate.file, leaf!);
      await refused(readServerTls(files), "failed-precondition", `its issuer is "CN=middle"`);
      await Deno.writeTextFile(files.certificate.file, leaf! + middle!);
      assert.equal((await readServerTls(files)).hosts.length, 1);
    }),
});
