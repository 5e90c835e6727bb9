import assert from "node:assert/strict";
import { versionOf } from "../../auth/watch_files.ts";
import { inTemporaryFolder } from "../../base/testing/temporary_folder.ts";
import { readServerTls } from "../../certs/check.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { testCertificates } from "../../rpc/testing/certificates.ts";
import { followCertificate } from "./certificate_renewal.ts";
import { readSuperLinkConfig } from "./config.ts";
import { DEFAULT_FLAGS } from "./flags.ts";
import { startSuperLink } from "./start.ts";

type Certificates = Awaited<ReturnType<typeof testCertificates>>;

function filesIn(folder: string) {
  const named = (name: string, flag: string) => ({ file: `${folder}/${name}`, flag });
  return {
    authority: named("ca.crt", "--ssl-ca-certfile"),
    certificate: named("server.pem", "--ssl-certfile"),
    key: named("server.key", "--ssl-keyfile"),
  };
}

async function write(folder: string, { ca, cert, key }: Partial<Certificates>): Promise<void> {
  const files = filesIn(folder);
  if (ca !== undefined) await Deno.writeTextFile(files.authority.file, ca);
  if (cert !== undefined) await Deno.writeTextFile(files.certificate.file, cert);
  if (key !== undefined) await Deno.writeTextFile(files.key.file, key);
}

/** Changes the files of a certificate, and @returns how often the certificate was renewed. */
async function renewals(...changes: Partial<Certificates>[]): Promise<number> {
  return await countRenewals(undefined, changes);
}

/** @param early a change before the files are followed */
async function countRenewals(
  early: Partial<Certificates> | undefined,
  changes: readonly Partial<Certificates>[],
): Promise<number> {
  let count = 0;
  await inTemporaryFolder(async (folder) => {
    await write(folder, await testCertificates());
    const files = filesIn(folder);
    const paths = [files.authority.file, files.certificate.file, files.key.file];
    const version = await versionOf(paths);
    const tls = await readServerTls(files);
    const now = { ...tls, files, version, authorityFile: files.authority.file };
    if (early !== undefined) await write(folder, early);
    const stop = new AbortController();
    const renewal = await followCertificate(now, {
      signal: stop.signal,
      renew: () => {
        count += 1;
        return Promise.resolve();
      },
    });
    for (const change of changes) {
      await write(folder, change);
      await renewal.look();
    }
    stop.abort();
  });
  return count;
}

Deno.test("a changed certificate with its key is used once", async () => {
  assert.equal(await renewals(), 0);
  assert.equal(await renewals(await testCertificates(), {}), 1);
  assert.equal(await renewals(await testCertificates(), await testCertificates()), 2);
  assert.equal(
    await renewals(
      await testCertificates(["superlink.example.org", "localhost", "127.0.0.1", "::1"]),
    ),
    1,
  );
});

Deno.test("a certificate that changes while the SuperLink starts is used", async () => {
  assert.equal(await countRenewals(await testCertificates(), [{}]), 1);
});

Deno.test("the same certificate, written again, is not used again", async () => {
  const tls = await testCertificates();
  assert.equal(await renewals(tls, tls, tls), 1);
});

Deno.test("files that cannot serve the present hosts are not used", async () => {
  const [other, expired] = [await testCertificates(), await testCertificates(undefined, -2)];
  const foreign = await testCertificates(["superlink.example.org"]);
  const cases: Readonly<Record<string, Partial<Certificates>>> = {
    "a certificate without its key": { ca: other.ca, cert: other.cert },
    "a certificate of another authority": { cert: other.cert, key: other.key },
    "half a file": { ...other, cert: other.cert.slice(0, 300) },
    "an expired certificate": expired,
    "a certificate for another host": foreign,
  };
  for (const [what, change] of Object.entries(cases)) {
    assert.equal(await renewals(change), 0, what);
    assert.equal(await renewals(change, await testCertificates()), 1, what);
  }
});

Deno.test("a SuperLink shows a new certificate on every listener when it reloads", async () => {
  await inTemporaryFolder(async (folder) => {
    await write(folder, await testCertificates());
    const files = filesIn(folder);
    const config = await readSuperLinkConfig({
      ...DEFAULT_FLAGS,
      // Not the default, a file in $FLWR_HOME: other tests of this process change that.
      database: ":memory:",
      port: "0",
      fleetApiAddress: "127.0.0.1:0",
      controlApiAddress: "127.0.0.1:0",
      driverApiAddress: "127.0.0.1:0",
      sslCaCertfile: files.authority.file,
      sslCertfile: files.certificate.file,
      sslKeyfile: files.key.file,
    });
    await using superLink = await startSuperLink(config);
    const renewed = await testCertificates();
    await write(folder, renewed);
    await superLink.reload();
    const { http, ...grpc } = superLink.listeners;
    const channel = openHttpChannel({ address: http!, tls: { rootCertificates: renewed.ca } });
    await channel.call(Control.method.listRuns, {});
    channel.close();
    for (const address of Object.values(grpc)) {
      const [hostname, port] = address.split(":") as [string, string];
      using tls = await Deno.connectTls({
        hostname,
        port: Number(port),
        caCerts: [renewed.ca],
        alpnProtocols: ["h2"],
      });
      await tls.handshake();
    }
  });
});
