import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { RegisterNodeRequestSchema } from "../../../../proto/gen/current/control_pb.ts";
import { readRegistration } from "./registration.ts";

/** A P-256 key as OpenSSL writes it. */
const { publicKey: key } = await crypto.subtle.generateKey(
  { name: "ECDSA", namedCurve: "P-256" },
  true,
  ["sign", "verify"],
);
const SPKI = new Uint8Array(await crypto.subtle.exportKey("spki", key));
const PEM = `-----BEGIN PUBLIC KEY-----\n${SPKI.toBase64()}\n-----END PUBLIC KEY-----\n`;

function read(init: { pem?: string | Uint8Array; name?: string; location?: string }) {
  const { pem = PEM, ...rest } = init;
  const publicKey = typeof pem === "string" ? new TextEncoder().encode(pem) : pem;
  return readRegistration(create(RegisterNodeRequestSchema, { publicKey, ...rest }));
}

Deno.test("registration: accepts a key in PEM, with an optional name and location", async () => {
  assert.deepEqual(await read({}), { publicKey: SPKI });
  assert.deepEqual(await read({ name: "lab", location: "52.52,-13.4" }), {
    publicKey: SPKI,
    name: "lab",
    location: "52.52,-13.4",
  });
});

Deno.test("registration: refuses keys that are not ECDSA", async () => {
  const { publicKey: edwards } = await crypto.subtle.generateKey(
    { name: "Ed25519" },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", edwards)).toBase64();
  const strange = [
    "x",
    "",
    new Uint8Array([0xff, 0xfe]),
    PEM.replace("M", "\0"),
    `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`,
  ];
  for (const pem of strange) {
    await assert.rejects(read({ pem }), { number: 22, httpStatus: 412 }, String(pem));
  }
});

Deno.test("registration: accepts only locations on Earth", async () => {
  for (const location of ["0,0", "-90,180", " 1e1 , .5 ", "+90.,-180.0"]) {
    assert.equal((await read({ location })).location, location);
  }
  const strange = [
    "",
    "1",
    "1,2,3",
    "91,0",
    "0,-180.1",
    "nan,0",
    "0,Infinity",
    "0x1,0",
    ",",
    "1,,",
  ];
  for (const location of [...strange, "1".repeat(200)]) {
    await assert.rejects(read({ location }), { number: 45, httpStatus: 400 }, location);
  }
});

Deno.test("registration: refuses a name that fills a table", async () => {
  assert.equal((await read({ name: "n".repeat(64) })).name?.length, 64);
  await assert.rejects(read({ name: "n".repeat(65) }), { code: "invalid-argument" });
});
