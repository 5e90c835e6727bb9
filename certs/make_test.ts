import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { installed, runTool } from "../auth/testing/tools.ts";
import { FakeClock } from "../base/clock.ts";
import { parseHost } from "./host.ts";
import { makeCertificates } from "./make.ts";

const withOpenSsl = { ignore: !installed("openssl") };

Deno.test("the server's certificate names this machine and the given hosts, each once", async () => {
  const hosts = ["a.example.org", "192.0.2.7", "2001:db8::7", "localhost"].map(parseHost);
  const server = new X509Certificate((await makeCertificates({ hosts })).server);
  assert.equal(
    server.subjectAltName,
    "DNS:localhost, IP Address:127.0.0.1, IP Address:::1, DNS:a.example.org, " +
      "IP Address:192.0.2.7, IP Address:2001:db8::7",
  );
});

Deno.test("certificates are valid from an hour ago and for the given days", async () => {
  const clock = new FakeClock();
  const { authority, server } = await makeCertificates({ days: 2, clock });
  for (const text of [authority, server]) {
    const { validFromDate, validToDate } = new X509Certificate(text);
    assert.equal(validFromDate.getTime() / 1000, clock.now() - 3600);
    assert.equal(validToDate.getTime() / 1000, clock.now() + 2 * 24 * 3600);
  }
});

Deno.test("the authorities of two runs have different names and serial numbers", async () => {
  const [a, b] = [await makeCertificates(), await makeCertificates()];
  const [one, two] = [new X509Certificate(a.authority), new X509Certificate(b.authority)];
  assert.notEqual(one.subject, two.subject);
  assert.notEqual(one.serialNumber, two.serialNumber);
  assert.equal(new X509Certificate(a.server).checkIssued(one), true);
  assert.equal(new X509Certificate(a.server).checkIssued(two), false);
});

for (const curve of ["P-256", "P-384"] as const) {
  Deno.test({
    name: `openssl verifies the ${curve} chain for each host, as a server's only`,
    ...withOpenSsl,
    fn: () =>
      inTemporaryFolder(async (folder) => {
        const made = await makeCertificates({ curve, hosts: [parseHost("a.example.org")] });
        const [ca, cert, key] = [
          `${folder}/ca.crt`,
          `${folder}/server.pem`,
          `${folder}/server.key`,
        ];
        await Deno.writeTextFile(ca, made.authority);
        await Deno.writeTextFile(cert, made.server);
        await Deno.writeTextFile(key, made.serverKey);
        const verify = ["verify", "-x509_strict", "-CAfile", ca, "-purpose"];
        for (const host of ["localhost", "a.example.org"]) {
          await runTool("openssl", ...verify, "sslserver", "-verify_hostname", host, cert);
        }
        for (const address of ["127.0.0.1", "::1"]) {
          await runTool("openssl", ...verify, "sslserver", "-verify_ip", address, cert);
        }
        await assert.rejects(
          runTool("openssl", ...verify, "sslserver", "-verify_hostname", "b.example.org", cert),
        );
        await assert.rejects(runTool("openssl", ...verify, "sslclient", cert));

        const text = await runTool("openssl", "x509", "-in", ca, "-noout", "-text");
        assert.match(text, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
        assert.match(text, /Key Usage: critical\s+Certificate Sign, CRL Sign/);
        const server = await runTool("openssl", "x509", "-in", cert, "-noout", "-text");
        assert.match(server, /TLS Web Server Authentication/);
        assert.match(server, /Authority Key Identifier/);
        assert.equal(
          await runTool("openssl", "pkey", "-in", key, "-pubout"),
          await runTool("openssl", "x509", "-in", cert, "-noout", "-pubkey"),
        );
      }),
  });
}
