import assert from "node:assert/strict";
import { crc32c } from "./crc32c.ts";
import { eventFile } from "./event_file.ts";

Deno.test("event file: CRC-32C of known bytes", () => {
  // RFC 3720, appendix B.4, and the usual check value.
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

Deno.test("event file: the bytes that TensorBoard's own writer makes", () => {
  // tensorboard 2.21.0: RecordWriter(file).write(Event(…).SerializeToString()).
  const bytes = eventFile(1_800_000_000, [
    { at: 1_800_000_001.5, step: 300, tag: "train/loss", value: 0.5 },
  ]);
  assert.equal(bytes.toHex(), EXPECTED);
});

const EXPECTED = [
  "1800000000000000a37f4b22090000008074d2da411a0d627261696e2e4576656e743a3248f03b53",
  "2100000000000000017becf6090000608074d2da4110ac022a130a110a0a747261696e2f6c6f7373",
  "150000003fa79eab4d",
].join("");
