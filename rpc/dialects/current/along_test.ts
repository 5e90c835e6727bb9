import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import { AlongObjectSchema } from "../../../proto/gen/current/along_pb.ts";
import { alongBytes, packAlong, readAlong } from "./along.ts";
import { MAX_ALONG_BYTES, MAX_ALONG_OBJECTS } from "./limits.ts";

const along = (objectId: string, content = new Uint8Array(1)) =>
  create(AlongObjectSchema, { objectId, content });

const code = (expected: string) => (error: unknown) =>
  error instanceof FlwrError && error.code === expected;

Deno.test("along: a peer's byte limit is clamped to ours", () => {
  assert.equal(alongBytes(0n), 0);
  assert.equal(alongBytes(1000n), 1000);
  assert.equal(alongBytes(2n ** 64n - 1n), MAX_ALONG_BYTES);
});

Deno.test("along: objects are copies of the received bytes, by id", () => {
  const body = new Uint8Array([0, 1, 2, 3]);
  const read = readAlong([along("a", body.subarray(1, 3)), along("b")], () => true);
  assert.deepEqual([...read.keys()], ["a", "b"]);
  assert.deepEqual([...read.get("a")!], [1, 2]);
  assert.equal(read.get("a")!.buffer.byteLength, 2, "not a view of the whole call");
});

Deno.test("along: an object that no message needs, or a duplicate, is refused", () => {
  assert.throws(() => readAlong([along("a")], () => false), code("invalid-argument"));
  assert.throws(() => readAlong([along("a"), along("a")], () => true), code("invalid-argument"));
});

Deno.test("along: too many objects, or too many bytes, are refused", () => {
  const many = (count: number) => Array.from({ length: count }, (_, place) => along(`${place}`));
  assert.equal(readAlong(many(MAX_ALONG_OBJECTS), () => true).size, MAX_ALONG_OBJECTS);
  assert.throws(
    () => readAlong(many(MAX_ALONG_OBJECTS + 1), () => true),
    code("resource-exhausted"),
  );
  const large = [along("a", new Uint8Array(MAX_ALONG_BYTES)), along("b")];
  assert.equal(readAlong(large.slice(0, 1), () => true).size, 1);
  assert.throws(() => readAlong(large, () => true), code("resource-exhausted"));
});

Deno.test("along: the smallest objects are packed first, as many as the server accepts", () => {
  const object = (id: string, length: number) => ({
    id,
    bytes: new Uint8Array(length),
    children: [],
  });
  const objects = [object("large", 100), object("small", 1), object("middle", 50)];
  const packed = (bytes: number) => packAlong(objects, bytes).map(({ objectId }) => objectId);
  assert.deepEqual(packed(0), []);
  assert.deepEqual(packed(51), ["small", "middle"]);
  assert.deepEqual(packed(1000), ["small", "middle", "large"]);
  const many = Array.from({ length: 1000 }, (_, place) => object(`${place}`, 0));
  assert.equal(packAlong(many, 1000).length, MAX_ALONG_OBJECTS);
});
