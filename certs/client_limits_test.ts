import "reflect-metadata";
import assert from "node:assert/strict";
import {
  BasicConstraintsExtension,
  Extension,
  SubjectAlternativeNameExtension,
} from "@peculiar/x509";
import { der, TAG } from "../auth/der.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { FlwrError } from "../base/error.ts";
import { readServerTls } from "./check.ts";
import { type TestCertificate, testCertificate } from "./testing/test_certificate.ts";

const isAuthority = new BasicConstraintsExtension(true, undefined, true);
/** An authority. All have the same name. */
const root = (...constraints: Extension[]) =>
  testCertificate("Root", { extensions: [isAuthority, ...constraints] });

/** Tags of dNSName [2] and of excluded subtrees [1] (RFC 5280, section 4.2.1.10). */
const [DNS_NAME, EXCLUDED, NAME_CONSTRAINTS] = [0x82, 0xa1, "2.5.29.30"] as const;

/** `localhost` and other names, up to a total count. */
const names = (count: number) =>
  new SubjectAlternativeNameExtension(
    Array.from(
      { length: count },
      (_, i) => ({ type: "dns" as const, value: i === 0 ? "localhost" : `h${i}` }),
    ),
  );

/** Constraints that exclude names other than those of {@link names}. */
function excluding(count: number): Extension {
  const subtrees = Array.from(
    { length: count },
    (_, i) => der(TAG.sequence, der(DNS_NAME, new TextEncoder().encode(`x${i}`))),
  );
  return new Extension(
    NAME_CONSTRAINTS,
    true,
    der(TAG.sequence, der(EXCLUDED, ...subtrees)),
  );
}

interface Files {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const filesOf = (authority: string, certificate: string, { key }: TestCertificate): Files => ({
  authority,
  certificate,
  key,
});

/** Whether the platform's TLS client (rustls) accepts a server with these files. */
async function connects({ authority, certificate, key }: Files): Promise<boolean> {
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key });
  const accepting = listener.accept().then(async (connection) => {
    await connection.handshake().catch(() => {});
    connection.close();
  });
  const { port } = listener.addr;
  try {
    using client = await Deno.connectTls({ hostname: "localhost", port, caCerts: [authority] });
    await client.handshake();
    return true;
  } catch {
    return false;
  } finally {
    await accepting;
  }
}

/** Reads the files like a server at its start. @returns why they are refused */
async function read(texts: Files): Promise<FlwrError | undefined> {
  let refusal: FlwrError | undefined;
  await inTemporaryFolder(async (folder) => {
    const file = async (name: keyof Files) => {
      await Deno.writeTextFile(`${folder}/${name}`, texts[name]);
      return { file: `${folder}/${name}` };
    };
    const files = {
      authority: await file("authority"),
      certificate: await file("certificate"),
      key: await file("key"),
    };
    await readServerTls(files).catch((error) => {
      assert.ok(error instanceof FlwrError, `${error}`);
      refusal = error;
    });
  });
  return refusal;
}

/** Asserts that a start refuses a server's files if and only if this platform's clients do. */
async function foreseen(files: Files, sentence: RegExp | undefined): Promise<void> {
  assert.equal(await connects(files), sentence === undefined);
  const refusal = await read(files);
  if (sentence === undefined) return assert.equal(refusal, undefined);
  assert.equal(refusal?.code, "failed-precondition");
  assert.match(refusal.message, sentence);
  assert.ok(refusal.hints.length > 0);
}

Deno.test("limits: the limit of comparisons equals the clients'", async () => {
  const issuer = await root(excluding(500));
  for (const [count, sentence] of [[499, undefined], [500, /at most 250000 pairs/]] as const) {
    const own = await testCertificate("s", { issuer, extensions: [names(count)] });
    await foreseen(filesOf(issuer.pem, own.pem, own), sentence);
  }
});

Deno.test("limits: the limit of tried authorities equals the clients'", async () => {
  const [issuer, { pem: namesake }] = [await root(), await root()];
  const own = await testCertificate("s", { issuer, extensions: [names(1)] });
  for (const [count, sentence] of [[99, undefined], [100, /at most 100 signatures/]] as const) {
    await foreseen(filesOf(namesake.repeat(count) + issuer.pem, own.pem, own), sentence);
  }
});

Deno.test("limits: many names, constraints, issuers and authorities stay within the budget", async () => {
  const [issuer, { pem: namesake }] = [await root(), await root()];
  const own = await testCertificate("s", { issuer, extensions: [names(1)] });
  const chain = own.pem + issuer.pem.repeat(40);
  // Without the budget, each of the forty would be verified with each authority in each chain, which takes minutes.
  await foreseen(filesOf(namesake.repeat(140), chain, own), /at most 100 signatures/);
  const constrained = await root(excluding(4000));
  const many = await testCertificate("s", { issuer: constrained, extensions: [names(5000)] });
  await foreseen(filesOf(constrained.pem.repeat(40), many.pem, many), /at most 250000 pairs/);
});

Deno.test("limits: the right authority before thousands of others is found with one signature", async () => {
  const [issuer, { pem: namesake }] = [await root(), await root()];
  const own = await testCertificate("s", { issuer, extensions: [names(1)] });
  await foreseen(filesOf(issuer.pem + namesake.repeat(2000), own.pem, own), undefined);
});
