import assert from "node:assert/strict";
import { deflateRawSync, deflateSync } from "node:zlib";
import {
  AesKeystream,
  afterOthers,
  AsyncVariable,
  crc32,
  hmacSha256,
  inflateRaw,
  inflateZlib,
  Sha256,
  sha256,
  sha256Hex,
} from "./platform.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
/** FIPS 180-2, appendix B.1. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

Deno.test("SHA-256 is that of the standard: synchronous, in another thread, and in pieces", async () => {
  assert.equal(sha256Hex("abc"), ABC);
  assert.equal(sha256Hex(bytesOf("abc")), ABC);
  assert.equal((await sha256(bytesOf("abc"))).toHex(), ABC);
  assert.equal(new Sha256().update(bytesOf("a")).update(bytesOf("bc")).hex(), ABC);
});

Deno.test("HMAC-SHA-256 is that of RFC 4231, in one piece and in two", () => {
  const expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  const text = "what do ya want for nothing?";
  assert.equal(hmacSha256(bytesOf("Jefe"), [bytesOf(text)]).toHex(), expected);
  const pieces = [bytesOf(text.slice(0, 5)), bytesOf(text.slice(5))];
  assert.equal(hmacSha256(bytesOf("Jefe"), pieces).toHex(), expected);
});

Deno.test("the AES-256 keystream is that of the key 0, however it is divided", () => {
  // AES-256 of the blocks 0 and 1, from test case 13 of the GCM specification: the hash key and the tag.
  const expected = "dc95c078a2408989ad48a21492842087530f8afbc74536b9a963b4f1c4cb738b";
  assert.equal(new AesKeystream(new Uint8Array(32)).next(32).toHex(), expected);
  const parts = new AesKeystream(new Uint8Array(32));
  assert.equal([5, 20, 7].map((length) => parts.next(length).toHex()).join(""), expected);
});

Deno.test("bytes that are hashed in another thread may be changed at once", async () => {
  const bytes = bytesOf("abc");
  const hash = sha256(bytes);
  bytes.fill(0);
  assert.equal((await hash).toHex(), ABC);
});

Deno.test("CRC-32 is that of zip files, and can continue from preceding bytes", () => {
  assert.equal(crc32(bytesOf("123456789")), 0xcbf43926);
  assert.equal(crc32(bytesOf("6789"), crc32(bytesOf("12345"))), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

Deno.test("decompression returns a new array, no larger than allowed", () => {
  const bytes = bytesOf("a".repeat(1000));
  const pairs = [
    { inflate: inflateRaw, deflate: deflateRawSync },
    { inflate: inflateZlib, deflate: deflateSync },
  ];
  for (const { inflate, deflate } of pairs) {
    const packed = deflate(bytes);
    assert.deepEqual(inflate(packed, 1000), bytes);
    assert.equal(inflate(packed, 1000).constructor, Uint8Array);
    assert.throws(() => inflate(packed, 999), RangeError);
    assert.throws(() => inflate(packed, 0), RangeError);
    assert.throws(() => inflate(bytes, 1000));
    assert.equal(inflate(deflate(new Uint8Array()), 0).length, 0);
  }
});

Deno.test("a variable is visible to what its work starts and awaits, and to nothing else", async () => {
  const variable = new AsyncVariable<string>();
  const seen = (until: Promise<void>) => until.then(() => variable.get());
  const inTurn = () => new Promise<void>(afterOthers);
  const [outer, inner, timed] = await variable.run("outer", async () => {
    await inTurn();
    const timed = Promise.withResolvers<string | undefined>();
    setTimeout(() => timed.resolve(variable.get()));
    return [
      await seen(inTurn()),
      await variable.run("inner", () => seen(inTurn())),
      await timed.promise,
    ];
  });
  assert.deepEqual([outer, inner, timed], ["outer", "inner", "outer"]);
  assert.equal(variable.get(), undefined);
  assert.equal(await seen(inTurn()), undefined);
});
