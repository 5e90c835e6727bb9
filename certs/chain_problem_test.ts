import "reflect-metadata";
import assert from "node:assert/strict";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type CheckedServerTls, readServerTls } from "./check.ts";
import { type TestCertificate, testCertificate } from "./testing/test_certificate.ts";

const DAY = 24 * 3600;
const clock = new FakeClock();

/** Creates a certificate. @param days validity from now */
function make(
  name: string,
  issuer: TestCertificate | undefined,
  extensions: readonly Extension[],
  { days = 100, keys }: { days?: number; keys?: CryptoKeyPair } = {},
): Promise<TestCertificate> {
  const [from, to] = [clock.now() - 50 * DAY, clock.now() + days * DAY];
  return testCertificate(name, { issuer, extensions, from, to, keys });
}

const authority = (pathLength?: number) => new BasicConstraintsExtension(true, pathLength, true);
const localhost = new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]);

/** Reads the files of a server with these intermediate certificates, nearest first. */
async function read(
  root: TestCertificate,
  between: readonly TestCertificate[],
  server: TestCertificate,
): Promise<CheckedServerTls> {
  let tls: CheckedServerTls | undefined;
  await inTemporaryFolder(async (folder) => {
    const files = {
      authority: { file: `${folder}/ca` },
      certificate: { file: `${folder}/crt` },
      key: { file: `${folder}/key` },
    };
    await Deno.writeTextFile(files.authority.file, root.pem);
    await Deno.writeTextFile(
      files.certificate.file,
      server.pem + between.map(({ pem }) => pem).join(""),
    );
    await Deno.writeTextFile(files.key.file, server.key);
    tls = await readServerTls(files, clock);
  });
  return tls!;
}

async function refused(action: Promise<unknown>, sentence: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.match(error.message, sentence);
    return error.code === "failed-precondition";
  });
}

Deno.test("chain: an issuer that is not valid now is refused, unless there is another chain", async () => {
  const root = await make("Root", undefined, [authority()]);
  const expired = await make("Middle", root, [authority()], { days: -1 });
  const server = await make("s", expired, [localhost]);
  await refused(read(root, [expired], server), /its issuer "CN=Middle" expired at /);
  const renewed = await make("Middle", root, [authority()], { days: 9, keys: expired.keys });
  const { validTo } = await read(root, [expired, renewed], server);
  assert.equal(validTo.getTime() / 1000, clock.now() + 9 * DAY);
});

Deno.test("chain: an issuer that may not issue is refused", async () => {
  const root = await make("Root", undefined, [authority()]);
  const signsData = new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true);
  for (const extensions of [[], [new BasicConstraintsExtension(false)], [authority(), signsData]]) {
    const middle = await make("Middle", root, extensions);
    const server = await make("s", middle, [localhost]);
    await refused(read(root, [middle], server), /"CN=Middle" may not issue certificates/);
  }
  // The authority, too, unless it is X.509 version 1 without extensions.
  const noAuthority = await make("Root", undefined, [new BasicConstraintsExtension(false)]);
  await refused(
    read(noAuthority, [], await make("s", noAuthority, [localhost])),
    /"CN=Root" may not issue/,
  );
  const old = await make("Root", undefined, []);
  await read(old, [], await make("s", old, [localhost]));
});

Deno.test("chain: more authorities than a pathLen allows are refused", async () => {
  const root = await make("Root", undefined, [authority(1)]);
  const upper = await make("Upper", root, [authority(0)]);
  await read(root, [upper], await make("s", upper, [localhost]));
  const lower = await make("Lower", upper, [authority()]);
  const server = await make("s", lower, [localhost]);
  await refused(
    read(root, [lower, upper], server),
    /1 authority below "CN=Upper", which allows 0 \(pathLen\)/,
  );
});

Deno.test("chain: a certificate or issuer that is not for servers is refused", async () => {
  const forClients = new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]);
  const forBoth = new ExtendedKeyUsageExtension([
    ExtendedKeyUsage.clientAuth,
    ExtendedKeyUsage.serverAuth,
  ]);
  const root = await make("Root", undefined, [authority()]);
  await refused(
    read(root, [], await make("s", root, [localhost, forClients])),
    /: it is not for servers/,
  );
  await read(root, [], await make("s", root, [localhost, forBoth]));
  // For clients, "any purpose" does not include servers, also in issuers.
  const anyPurpose = new ExtendedKeyUsageExtension(["2.5.29.37.0"]);
  await refused(
    read(root, [], await make("s", root, [localhost, anyPurpose])),
    /: it is not for servers/,
  );
  const middle = await make("Middle", root, [authority(), forClients]);
  await refused(
    read(root, [middle], await make("s", middle, [localhost])),
    /"CN=Middle" is not for servers/,
  );
  const anyMiddle = await make("Any", root, [authority(), anyPurpose]);
  await refused(
    read(root, [anyMiddle], await make("s", anyMiddle, [localhost])),
    /"CN=Any" is not for servers/,
  );
});

Deno.test("chain: a certificate that is its own authority is accepted, and a chain in any order", async () => {
  const own = await make("s", undefined, [localhost]);
  await read(own, [], own);
  const root = await make("Root", undefined, [authority()]);
  const upper = await make("Upper", root, [authority()]);
  const lower = await make("Lower", upper, [authority()]);
  const server = await make("s", lower, [localhost]);
  await read(root, [upper, lower, root], server);
});
