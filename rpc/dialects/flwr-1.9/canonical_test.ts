import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createECDH, createHmac, createPublicKey, hkdfSync } from "node:crypto";
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { PushTaskResRequestSchema } from "../../../proto/gen/flwr-1.9/fleet_pb.ts";
import {
  ConfigsRecordSchema,
  DoubleListSchema,
  MetricsRecordSchema,
  RecordSetSchema,
} from "../../../proto/gen/flwr-1.9/recordset_pb.ts";
import {
  readVector,
  recordedCalls,
  recordedMessages,
  recordedRequests,
  schema19,
} from "../../testing/recorded.ts";
import { canonicalBytes, compareKeys } from "./canonical.ts";
import { doubles } from "../../../base/testing/doubles.ts";
import { NIGHTLY } from "../../../tests/support/nightly.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const utf8 = new TextEncoder();

Deno.test("canonical requests are the bytes that Flower 1.9 signs", () => {
  for (const { name, schema, wire, canonical } of [...recordedRequests(), ...recordedMessages()]) {
    assert.equal(hex(canonicalBytes(schema, wire)), hex(canonical), name);
    assert.equal(hex(canonicalBytes(schema, canonical)), hex(canonical), name);
  }
});

Deno.test("messages in other encodings become the bytes that Python writes", () => {
  let compared = 0;
  for (const line of readVector("mutated.jsonl").trim().split("\n")) {
    const entry: { message: string; wire: string; canonical: string } = JSON.parse(line);
    const got = canonicalBytes(schema19(entry.message), Buffer.from(entry.wire, "hex"));
    assert.equal(hex(got), entry.canonical, entry.wire);
    compared++;
  }
  assert.equal(compared, 300);
});

Deno.test("map keys are in upb's order", () => {
  const cases: { keys: string[]; canonical_order: string[] }[] = JSON.parse(
    readVector("map_order.json"),
  );
  for (const { keys, canonical_order } of cases) {
    const bytes = keys.map((key) => utf8.encode(key)).sort(compareKeys);
    assert.deepEqual(bytes.map((key) => new TextDecoder().decode(key)), canonical_order);
    const data = Object.fromEntries(keys.map((key) => [key, {}]));
    const record = toBinary(MetricsRecordSchema, create(MetricsRecordSchema, { data }));
    const sorted = fromBinary(MetricsRecordSchema, canonicalBytes(MetricsRecordSchema, record));
    assert.deepEqual(Object.keys(sorted.data), canonical_order);
  }
});

Deno.test("edge encodings are written as upb writes them", () => {
  const probes = readVector("serialization_probe.txt");
  const probe = (name: string) => new RegExp(`${name} ([0-9a-f]+)`).exec(probes)?.[1] ?? "";
  const canonical = (schema: DescMessage, bytes: string) =>
    hex(canonicalBytes(schema, Buffer.from(bytes, "hex")));
  for (const order of ["config det", "config nondet"]) {
    assert.equal(canonical(ConfigsRecordSchema, probe(order)), probe("config det"));
  }
  for (
    const [name, message] of [
      ["neg zero", "PullTaskInsRequest"], // an unknown field there
      ["empty submsg", "PingRequest"],
      ["taskres minimal", "TaskRes"],
      ["node min/max", "Node"],
      ["results map", "PushTaskResResponse"],
      ["unknown order", "PingRequest"],
    ] as const
  ) {
    assert.notEqual(probe(name), "", name);
    assert.equal(canonical(schema19(message), probe(name)), probe(name), name);
  }
  const minusZero = toBinary(DoubleListSchema, create(DoubleListSchema, { vals: [-0] }));
  assert.equal(hex(canonicalBytes(DoubleListSchema, minusZero)), "0a080000000000000080");
  assert.equal(canonical(schema19("PingRequest"), "110000000000000080"), "110000000000000080");
  assert.equal(canonical(schema19("PingRequest"), "110000000000000000"), "");
});

/** The private scalar in captured_keys/server_credentials, as Python's cryptography reads it. */
const SERVER_SCALAR =
  "899f8d0ff8df1421db3554a94235e0d9bdf8c85840084217d67499fede73561424fa2da88da35d0a49763235af66a145";

/** The uncompressed point of a "public-key" header. */
function publicPoint(header: string): Buffer {
  const { x = "", y = "" } = createPublicKey(Buffer.from(header, "base64url")).export({
    format: "jwk",
  });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

Deno.test("the 34 tokens of a recorded session are over canonical bytes", () => {
  const server = createECDH("secp384r1");
  server.setPrivateKey(SERVER_SCALAR, "hex");
  let tokens = 0;
  let changed = 0;
  for (const { path, metadata, input, request } of recordedCalls("fleet")) {
    const token = metadata.get("auth-token");
    if (token === undefined) continue;
    const shared = server.computeSecret(publicPoint(metadata.get("public-key")!));
    const key = Buffer.from(hkdfSync("sha256", shared, "", "", 32)).toString("base64url") + "=";
    const canonical = canonicalBytes(input, request);
    const expected = createHmac("sha256", key).update(canonical).digest("base64url") + "=";
    assert.equal(token, expected, path);
    tokens++;
    if (hex(canonical) !== hex(request)) changed++;
  }
  assert.equal(tokens, 34);
  assert.equal(changed, 6);
});

Deno.test("canonical bytes are returned as they are, large ones too", () => {
  const data = new Uint8Array(1_000_000).fill(7);
  const request = create(PushTaskResRequestSchema, {
    taskResList: [{
      runId: -5n,
      task: { recordset: { parameters: { p: { dataKeys: ["0"], dataValues: [{ data }] } } } },
    }],
  });
  const bytes = toBinary(PushTaskResRequestSchema, request);
  assert.equal(canonicalBytes(PushTaskResRequestSchema, bytes), bytes);
  assert.equal(canonicalBytes(PushTaskResRequestSchema, new Uint8Array()).length, 0);
});

Deno.test("malformed and endlessly nested messages are refused", () => {
  const refused = (error: unknown) =>
    error instanceof FlwrError && error.code === "invalid-argument";
  for (const bytes of ["0a", "0aff", "0a05", "00", "08ffffffffffffffffffff01", "0c", "0b", "0f"]) {
    const wire = Buffer.from(bytes, "hex");
    assert.throws(() => canonicalBytes(PushTaskResRequestSchema, wire), refused, bytes);
  }
});

Deno.test("canonical bytes are a fixed point and keep the meaning", () => {
  const scalar = fc.oneof(
    fc.record({ case: fc.constant("double" as const), value: doubles }),
    fc.record({
      case: fc.constant("sint64" as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({ case: fc.constant("bool" as const), value: fc.boolean() }),
    fc.record({ case: fc.constant("string" as const), value: fc.string({ unit: "grapheme" }) }),
    fc.record({
      case: fc.constant("doubleList" as const),
      value: fc.record({ vals: fc.array(doubles) }),
    }),
  );
  const key = fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__");
  const record = fc.dictionary(key, scalar.map((value) => ({ value })));
  const recordSet = fc.dictionary(key, record.map((data) => ({ data })));
  fc.assert(
    fc.property(recordSet, (configs) => {
      const message = create(RecordSetSchema, { configs });
      const canonical = canonicalBytes(RecordSetSchema, toBinary(RecordSetSchema, message));
      assert.deepEqual(fromBinary(RecordSetSchema, canonical), message);
      assert.equal(canonicalBytes(RecordSetSchema, canonical), canonical);
    }),
    { seed: 19, numRuns: 300 },
  );
});

Deno.test("any bytes either become canonical, and stay so, or are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let canonical;
      try {
        canonical = canonicalBytes(PushTaskResRequestSchema, bytes);
      } catch (error) {
        assert.ok(error instanceof FlwrError);
        return;
      }
      assert.equal(hex(canonicalBytes(PushTaskResRequestSchema, canonical)), hex(canonical));
    }),
    { seed: 19, numRuns: NIGHTLY ? 2000 : 500 },
  );
});
