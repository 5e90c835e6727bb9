import "reflect-metadata";
import assert from "node:assert/strict";
import {
  BasicConstraintsExtension,
  Extension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { der, TAG } from "../auth/der.ts";
import { writePem } from "../auth/pem.ts";
import { FlwrError } from "../base/error.ts";
import { readServerTls } from "./check.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";

const DAY_MS = 24 * 3600 * 1000;
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const authority = new BasicConstraintsExtension(true, undefined, true);
const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** Tags of dNSName [2] and of excluded subtrees [1] (RFC 5280, section 4.2.1.10). */
const [DNS_NAME, EXCLUDED, NAME_CONSTRAINTS] = [0x82, 0xa1, "2.5.29.30"] as const;

/** Creates a certificate in PEM: a self-signed authority's or a server's. */
async function make(
  subject: string,
  keys: CryptoKeyPair,
  signer: CryptoKey,
  extensions: readonly Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${subject}`,
    issuer: "CN=Root",
    publicKey: keys.publicKey,
    signingKey: signer,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    extensions: [...extensions],
  });
  return certificate.toString("pem") + "\n";
}

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

const filesOf = async (ca: string, certificate: string, { privateKey }: CryptoKeyPair) => ({
  authority: ca,
  certificate,
  key: writePem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey))),
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
  const [own, root] = [await newKeys(), await newKeys()];
  const ca = await make("Root", root, root.privateKey, [authority, excluding(500)]);
  for (const [count, sentence] of [[499, undefined], [500, /at most 250000 pairs/]] as const) {
    const certificate = await make("s", own, root.privateKey, [names(count)]);
    await foreseen(await filesOf(ca, certificate, own), sentence);
  }
});

Deno.test("limits: the limit of tried authorities equals the clients'", async () => {
  const [own, root, other] = [await newKeys(), await newKeys(), await newKeys()];
  const ca = await make("Root", root, root.privateKey, [authority]);
  const namesake = await make("Root", other, other.privateKey, [authority]);
  const certificate = await make("s", own, root.privateKey, [names(1)]);
  for (const [count, sentence] of [[99, undefined], [100, /at most 100 signatures/]] as const) {
    await foreseen(await filesOf(namesake.repeat(count) + ca, certificate, own), sentence);
  }
});

Deno.test("limits: many names, constraints, issuers and authorities stay within the budget", async () => {
  const [own, root, other] = [await newKeys(), await newKeys(), await newKeys()];
  const middle = await make("Root", root, root.privateKey, [authority]);
  const namesake = await make("Root", other, other.privateKey, [authority]);
  const certificate = await make("s", own, root.privateKey, [names(1)]) + middle.repeat(40);
  // Without the budget, each of the forty would be verified with each authority in each chain, which takes minutes.
  await foreseen(await filesOf(namesake.repeat(140), certificate, own), /at most 100 signatures/);
  const constrained = await make("Root", root, root.privateKey, [authority, excluding(4000)]);
  const many = await make("s", own, root.privateKey, [names(5000)]);
  await foreseen(await filesOf(constrained.repeat(40), many, own), /at most 250000 pairs/);
});

Deno.test("limits: the right authority before thousands of others is found with one signature", async () => {
  const [own, root, other] = [await newKeys(), await newKeys(), await newKeys()];
  const ca = await make("Root", root, root.privateKey, [authority]);
  const namesake = await make("Root", other, other.privateKey, [authority]);
  const certificate = await make("s", own, root.privateKey, [names(1)]);
  await foreseen(await filesOf(ca + namesake.repeat(2000), certificate, own), undefined);
});
