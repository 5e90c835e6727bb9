import assert from "node:assert/strict";
import fc from "fast-check";
import vectors from "../tests/vectors/certs/odd.json" with { type: "json" };
import { der, DerReader, MalformedError, TAG } from "../auth/der.ts";
import { writePem } from "../auth/pem.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { readRootCertificates, readServerTls } from "./check.ts";
import { encodingFaults } from "./encoding.ts";
import { readUses } from "./extensions.ts";
import { readCertificateKey } from "./public_key.ts";
import { NIGHTLY } from "../tests/support/nightly.ts";

/** The time at which the certificates were created. */
const clock = new FakeClock(Date.UTC(2026, 10, 30, 12) / 1000);
const good = vectors.cases.find(({ name }) => name === "good")!;
const bytesOf = (text: string) => Uint8Array.fromBase64(text);

/** Valid values of extensions in hexadecimal, by identifier. */
const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  "551d0f": ["03020186", "030205a0"],
  "551d11": ["300b82096c6f63616c686f7374", "300687047f000001"],
  "551d13": ["30030101ff", "30060101ff020101"],
  "551d1e": [
    "300fa00d300b82096c6f63616c686f7374",
    "3010a10e300c870a7f000001ffffffff0000",
    "3009a1073005820378797a",
    "300aa1083006a40430023100",
  ],
  "551d25": ["300a06082b06010505070301", "30060604551d2500"],
};

/** Bytes truncated, changed or repeated in a few places, often with lengths that still fit. */
const damaged = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.tuple(
    fc.array(fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255)), { maxLength: 3 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant(bytes.length) }, fc.nat(bytes.length)),
  ).map(([changes, length]) => {
    const changed = new Uint8Array(bytes);
    for (const [place, value] of changes) changed[place] = value;
    return changed.subarray(0, length);
  });

/** Any checked extension, with a damaged value or with empty elements. */
const extension: fc.Arbitrary<Uint8Array> = fc.constantFrom(...Object.entries(EXTENSIONS)).chain(
  ([id, values]) =>
    fc.tuple(
      fc.oneof(
        fc.constantFrom(...values).chain((value) => damaged(Uint8Array.fromHex(value))),
        fc.constantFrom("", "3000", "3002a000", "3004a0023000", "3004a1023000", "3003a00130")
          .map((value) => Uint8Array.fromHex(value)),
        fc.uint8Array({ maxLength: 12 }),
      ),
      fc.boolean(),
    ).map(([value, isCritical]) =>
      der(
        TAG.sequence,
        der(TAG.oid, Uint8Array.fromHex(id)),
        isCritical ? Uint8Array.of(TAG.boolean, 1, 0xff) : new Uint8Array(),
        der(TAG.octets, value),
      )
    ),
);

/** The "good" case's certificate with other extensions. An authority's own signature is not verified. */
function withExtensions(certificate: Uint8Array, extensions: readonly Uint8Array[]): Uint8Array {
  const outer = new DerReader(new DerReader(certificate).read(TAG.sequence));
  const fields = elements(outer.read(TAG.sequence)).slice(0, -1);
  const own = der(0xa3, der(TAG.sequence, ...extensions));
  return der(TAG.sequence, der(TAG.sequence, ...fields, own), ...rest(outer));
}

const elements = (contents: Uint8Array) => rest(new DerReader(contents));

function rest(reader: DerReader): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (!reader.done) found.push(reader.raw());
  return found;
}

const authorityExtensions = fc.array(extension, { minLength: 1, maxLength: 3 }).map((others) => [
  der(
    TAG.sequence,
    der(TAG.oid, Uint8Array.fromHex("551d13")),
    der(TAG.octets, Uint8Array.fromHex("30030101ff")),
  ),
  ...others,
]);
const [authority, leaf] = [bytesOf(good.authority[0]!), bytesOf(good.chain[0]!)];
/** CertificateList: with any extensions, or damaged anywhere. */
const authorities = fc.oneof(
  authorityExtensions.map((extensions) => withExtensions(authority, extensions)),
  damaged(authority),
);
const leaves = fc.oneof(
  fc.constant(leaf),
  fc.array(extension, { maxLength: 3 }).map((extensions) => withExtensions(leaf, extensions)),
  damaged(leaf),
);

Deno.test("certificates: DER readers throw only MalformedError, whatever the bytes are", () => {
  fc.assert(
    fc.property(fc.oneof(authorities, leaves, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      encodingFaults(bytes);
      for (const read of [readUses, readCertificateKey]) {
        try {
          read(bytes);
        } catch (error) {
          assert.ok(error instanceof MalformedError, `${error}`);
        }
      }
    }),
    { numRuns: NIGHTLY ? 3000 : 1000 },
  );
});

Deno.test("certificates: files of any bytes are read or refused with an error", () =>
  inTemporaryFolder(async (folder) => {
    const files = {
      authority: { file: `${folder}/ca` },
      certificate: { file: `${folder}/crt` },
      key: { file: `${folder}/key` },
    };
    await Deno.writeTextFile(files.key.file, writePem("PRIVATE KEY", bytesOf(good.key)));
    await fc.assert(
      fc.asyncProperty(authorities, leaves, async (ca, certificate) => {
        await Deno.writeTextFile(files.authority.file, writePem("CERTIFICATE", ca));
        await Deno.writeTextFile(files.certificate.file, writePem("CERTIFICATE", certificate));
        const reads = [
          () => readServerTls(files, clock),
          () => readRootCertificates(files.authority, clock),
        ];
        for (const read of reads) {
          await read().catch((error: unknown) => {
            assert.ok(error instanceof FlwrError, `${error}`);
            assert.notEqual(error.code, "internal");
          });
        }
      }),
      { numRuns: 300 },
    );
  }));
