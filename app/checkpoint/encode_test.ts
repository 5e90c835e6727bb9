import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../base/random.ts";
import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { NdArray } from "../nd_array.ts";
import { ArrayRecord } from "../array_record.ts";
import { RecordDict } from "../record_dict.ts";
import { recordDicts } from "../testing.ts";
import { recordDictToPlain } from "../transferable.ts";
import { decodeRecords, encodeRecords } from "./encode.ts";

const plain = (records: RecordDict) =>
  recordDictToPlain(records).map(([name, record]) => [name, record.kind, [...record.items]]);

/** Bytes as plain arrays, because a view and a copy are equal. */
const comparable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, comparable(of)]));
};

Deno.test("a checkpoint's records are read back with all their bits", async () => {
  await fc.assert(fc.asyncProperty(recordDicts, async (records) => {
    const read = await decodeRecords(await encodeRecords(records));
    assert.deepEqual(comparable(plain(read)), comparable(plain(records)));
  }));
});

Deno.test("a checkpoint keeps −0, NaN, infinities, and the smallest and largest numbers", async () => {
  const config = new ConfigRecord();
  const doubles = [-0, 0, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 0.1];
  config.setTyped("doubles", { type: "double[]", value: doubles });
  config.setTyped("one", { type: "double", value: 1 });
  config.setTyped("most", { type: "uint64", value: 2n ** 64n - 1n });
  config.setTyped("buffer", { type: "bytes", value: Uint8Array.of(1, 2) });
  config.set("text", "\ud800 lone, \u0000 and \ufeff");
  const read = await decodeRecords(await encodeRecords(new RecordDict({ config })));
  assert.deepEqual(
    [...read.configRecord("config").typedEntries()],
    [...config.typedEntries()],
  );
});

Deno.test("a truncated or changed checkpoint is refused at any place", async () => {
  const records = new RecordDict({
    arrays: new ArrayRecord({
      w: new NdArray({ dtype: "", shape: [3], stype: "x", data: Uint8Array.of(1, 2, 3) }),
    }),
    metrics: new MetricRecord({ loss: 0.5, count: 2n ** 60n }),
  });
  const bytes = await encodeRecords(records);
  for (let length = 0; length < bytes.length; length++) {
    await assert.rejects(decodeRecords(bytes.subarray(0, length)), { code: "data-loss" });
  }
  await assert.rejects(decodeRecords(Uint8Array.of(...bytes, 0)), { code: "data-loss" });
  const random = seededRandom(7);
  for (let place = 0; place < bytes.length; place++) {
    const changed = bytes.slice();
    changed[place]! ^= 1 << Math.floor(random.uniform() * 8);
    await assert.rejects(decodeRecords(changed), ({ code }) => {
      const isVersion = place >= 8 && place < 12;
      return code === (isVersion ? "failed-precondition" : "data-loss");
    });
  }
});

/** Bytes with a table of someone else and a correct checksum. */
async function forged(table: unknown, body = new Uint8Array()): Promise<Uint8Array> {
  const text = new TextEncoder().encode(JSON.stringify(table));
  const bytes = new Uint8Array(16 + text.length + body.length + 32);
  bytes.set(new TextEncoder().encode("flwrckpt"));
  new DataView(bytes.buffer).setUint32(8, 1, true);
  new DataView(bytes.buffer).setUint32(12, text.length, true);
  bytes.set(text, 16);
  bytes.set(body, 16 + text.length);
  const end = bytes.length - 32;
  bytes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice(0, end))), end);
  return bytes;
}

Deno.test("a malformed table with a correct checksum is refused", async () => {
  const value = (type: string, content: unknown) => [
    ["c", { kind: "config", items: [["v", { type, value: content }]] }],
  ];
  const array = (changes: object) => [
    ["a", {
      kind: "arrays",
      items: [["w", { dtype: "", shape: [1], stype: "", data: { bytes: 0 }, ...changes }]],
    }],
  ];
  assert.equal((await decodeRecords(await forged(value("double", 1)))).size, 1);
  assert.equal((await decodeRecords(await forged(array({})))).size, 1);
  for (
    const table of [
      null,
      {},
      [["c"]],
      [["c", { kind: "other", items: [] }]],
      [["c", { kind: "config" }]],
      [[1, { kind: "config", items: [] }]],
      value("double", "1"),
      value("float", 1),
      value("constructor", 1),
      value("sint64", 1),
      value("sint64", { integer: "x" }),
      value("sint64", { integer: String(2n ** 63n) }),
      value("uint64", { integer: "-1" }),
      value("double", { double: "1e5" }),
      value("string[]", ["a", 1]),
      value("bytes", { bytes: 1 }),
      value("bytes", { bytes: -1 }),
      array({ shape: [-1] }),
      array({ shape: 1 }),
      array({ data: "AA==" }),
      array({ dtype: 1 }),
    ]
  ) {
    await assert.rejects(decodeRecords(await forged(table)), { code: "data-loss" });
  }
  const longer = await forged(value("double", 1), Uint8Array.of(1));
  await assert.rejects(decodeRecords(longer), { code: "data-loss" });
});
