import assert from "node:assert/strict";
import { type HeaderField, HpackDecoder, HpackError } from "./decoder.ts";
import { encodeFields } from "./encode.ts";

const decoder = (list = 16384, table = 4096) => new HpackDecoder(table, list);
const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

// RFC 7541, appendix C.4: three requests of one connection, Huffman-coded.
Deno.test("hpack: the RFC's requests are decoded in their order", () => {
  const one = decoder();
  const first: HeaderField[] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ];
  assert.deepEqual(one.decode(bytes("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff")).fields, first);
  const second: HeaderField[] = [...first, ["cache-control", "no-cache"]];
  assert.deepEqual(one.decode(bytes("8286 84be 5886 a8eb 1064 9cbf")).fields, second);
  assert.deepEqual(
    one.decode(bytes("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf")).fields,
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ],
  );
});

// RFC 7541, appendix C.6: responses with a table of 256 bytes, from which entries are evicted.
Deno.test("hpack: entries are evicted from a small table as the RFC shows", () => {
  const one = decoder(16384, 256);
  const date = "Mon, 21 Oct 2013 20:13:21 GMT";
  const location = "https://www.example.com";
  const first = "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6" +
    "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
  const rest: HeaderField[] = [["cache-control", "private"], ["date", date], [
    "location",
    location,
  ]];
  assert.deepEqual(one.decode(bytes(first)).fields, [[":status", "302"], ...rest]);
  assert.deepEqual(one.decode(bytes("4883 640e ffc1 c0bf")).fields, [[":status", "307"], ...rest]);
  const third = "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab" +
    "77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f" +
    "9587 3160 65c0 03ed 4ee5 b106 3d50 07";
  assert.deepEqual(one.decode(bytes(third)).fields, [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", location],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ]);
});

Deno.test("hpack: encoded fields of any length are decoded again", () => {
  const fields: HeaderField[] = [
    [":status", "200"],
    ["content-type", "application/grpc"],
    ["grpc-status", "0"],
    ["x".repeat(200), "é".repeat(5000)],
    ["empty", ""],
  ];
  assert.deepEqual(decoder().decode(encodeFields(fields)), { fields, tooLarge: false });
});

Deno.test("hpack: only the start of an oversized list is kept, and the table stays in step", () => {
  const one = decoder(100);
  const large = new Uint8Array([
    ...[0x40, 1, 0x61, 1, 0x62], // a: b, into the table
    ...[0x40, 1, 0x63, 100, ...new Array(100).fill(0x64)], // c: dd…, into the table
  ]);
  assert.deepEqual(one.decode(large), { fields: [["a", "b"]], tooLarge: true });
  assert.deepEqual(one.decode(Uint8Array.of(0xbf)), { fields: [["a", "b"]], tooLarge: false });
  // One byte per field, each of which counts 132 bytes.
  const bomb = decoder(1000);
  bomb.decode(large);
  assert.ok(bomb.decode(new Uint8Array(16_000).fill(0xbe)).fields.length <= 8);
});

Deno.test("hpack: malformed blocks are refused", () => {
  const cases: Record<string, string> = {
    "index 0": "80",
    "no such entry": "be",
    "a text cut short": "0001",
    "an integer without an end": "ffffffffffffff",
    "a table larger than announced": "3fe21f",
    "a change of the table after a field": "8220",
    "padding of zeros": "00 81 18 00",
    "padding of a whole byte": "00 82 1f ff 00",
    "the end of the code within a text": "00 84 ff ff ff ff 00",
  };
  for (const [what, hex] of Object.entries(cases)) {
    assert.throws(() => decoder().decode(bytes(hex)), HpackError, what);
  }
});
