import assert from "node:assert/strict";
import fc from "fast-check";
import type { PlainRecordDict } from "../../../app/transferable.ts";
import { FlwrError } from "../../../base/error.ts";
import { BODY_ALIGNMENT } from "./frame.ts";
import { type PackedRecords, packRecords } from "./pack_records.ts";
import { RECORD_LIMITS, type RecordLimits } from "./record_columns.ts";
import { unpackRecords } from "./unpack_records.ts";
import { doubles } from "../../../base/testing/doubles.ts";
import { anyCharacter } from "../../../base/testing/texts.ts";

/** The ByteRun as one byte array, as in a frame's body. */
function laidOut({ data: { parts } }: PackedRecords): Uint8Array {
  let end = 0;
  const places = parts.map(({ length }) => {
    const start = Math.ceil(end / BODY_ALIGNMENT) * BODY_ALIGNMENT;
    end = start + length;
    return start;
  });
  const all = new Uint8Array(end);
  for (const [index, part] of parts.entries()) all.set(part, places[index]);
  return all;
}

function arrived(records: PlainRecordDict, limits?: RecordLimits): PlainRecordDict {
  const packed = packRecords(records);
  return unpackRecords(packed.columns, laidOut(packed), limits);
}

const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 70 });
/** Any UTF-16 text without lone surrogates, which UTF-8 cannot encode. */
const text = fc.string({ unit: anyCharacter, maxLength: 8 }).map((drawn) => drawn.toWellFormed());
const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 5 });
const typed = <T>(type: string, value: fc.Arbitrary<T>) =>
  fc.record({ type: fc.constant(type), value }, { noNullPrototype: true });
const metric = fc.oneof(
  typed("double", doubles),
  typed("sint64", int),
  typed("uint64", uint),
  typed("double[]", list(doubles)),
  typed("sint64[]", list(int)),
  typed("uint64[]", list(uint)),
);
const setting = fc.oneof(
  metric,
  typed("bool", fc.boolean()),
  typed("string", text),
  typed("bytes", bytes),
  typed("bool[]", list(fc.boolean())),
  typed("string[]", list(text)),
  typed("bytes[]", list(bytes)),
);
const array = fc.record({
  dtype: text,
  shape: list(fc.nat()),
  stype: text,
  data: bytes,
}, { noNullPrototype: true });
const record = <T>(kind: string, item: fc.Arbitrary<T>) =>
  fc.record({ kind: fc.constant(kind), items: list(fc.tuple(text, item)) }, {
    noNullPrototype: true,
  });
const dict = list(
  fc.tuple(
    text,
    fc.oneof(record("arrays", array), record("metrics", metric), record("config", setting)),
  ),
) as unknown as fc.Arbitrary<PlainRecordDict>;

Deno.test("any records are unpacked as they were packed", () => {
  fc.assert(
    fc.property(dict, (records) => assert.deepEqual(arrived(records, RECORD_LIMITS), records)),
    { numRuns: 250 },
  );
});

Deno.test("names that join to a surrogate pair are decoded correctly", () => {
  const records: PlainRecordDict = [["\ud83d", { kind: "metrics", items: [] }], [
    "\ude00",
    { kind: "metrics", items: [] },
  ]];
  assert.deepEqual(arrived(records), records);
});

const metrics = (length: number): PlainRecordDict => [["m", {
  kind: "metrics",
  items: Array.from({ length }, (_, index) => [`m${index}`, { type: "double", value: index }]),
}]];

Deno.test("100,000 metrics are within the limits", () => {
  assert.equal(arrived(metrics(100_000), RECORD_LIMITS)[0]![1].items.length, 100_000);
});

const config = (value: object): PlainRecordDict =>
  [["c", { kind: "config", items: [["a", value]] }]] as unknown as PlainRecordDict;
const axes: PlainRecordDict = [["a", {
  kind: "arrays",
  items: [["w", { dtype: "", shape: [1, 1, 1, 1], stype: "", data: new Uint8Array(0) }]],
}]];

/** Records that exceed one limit each. */
const TOO_MUCH: Readonly<Record<string, readonly [PlainRecordDict, Partial<RecordLimits>]>> = {
  "records": [Array.from({ length: 5 }, () => ["", { kind: "metrics", items: [] }]), {
    entries: 9,
  }],
  "entries": [metrics(5), { entries: 6 }],
  "pieces of bytes": [
    config({ type: "bytes[]", value: Array(5).fill(new Uint8Array(0)) }),
    { entries: 7 },
  ],
  "integers": [config({ type: "sint64[]", value: Array(5).fill(1n) }), { values: 7 }],
  "booleans": [config({ type: "bool[]", value: Array(5).fill(true) }), { values: 7 }],
  "texts": [config({ type: "string[]", value: Array(5).fill("") }), { values: 7 }],
  "empty lists": [
    [["c", {
      kind: "config",
      items: Array.from({ length: 5 }, () => ["", { type: "double[]", value: [] }]),
    }]],
    { values: 10 },
  ],
  "numbers": [config({ type: "double[]", value: Array(5).fill(1) }), { numbers: 4 }],
  "axes": [axes, { numbers: 4 }],
  "text": [config({ type: "string", value: "ä".repeat(5) }), { textBytes: 11 }],
};

for (const [what, [records, limit]] of Object.entries(TOO_MUCH)) {
  Deno.test(`refused by their count, before they are read: ${what}`, () => {
    const packed = packRecords(records);
    // These columns are malformed as well, so the limits must be checked first.
    const broken = packed.columns.slice().fill(0xff, 56);
    for (const columns of [packed.columns, broken]) {
      assert.throws(
        () => unpackRecords(columns, laidOut(packed), { ...RECORD_LIMITS, ...limit }),
        { code: "resource-exhausted" },
      );
    }
    const [name] = Object.keys(limit) as (keyof RecordLimits)[];
    const enough = { ...RECORD_LIMITS, [name!]: limit[name!]! + 1 };
    assert.deepEqual(unpackRecords(packed.columns, laidOut(packed), enough), records);
  });
}

Deno.test("changed columns unpack to other records or throw a FlwrError", () => {
  fc.assert(
    fc.property(
      dict,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(3),
      (records, changes, cut) => {
        const packed = packRecords(records);
        const columns = packed.columns.slice();
        for (const [at, to] of changes) columns[at % columns.length] = to;
        try {
          unpackRecords(columns.slice(0, columns.length - cut), laidOut(packed), RECORD_LIMITS);
        } catch (error) {
          assert.ok(error instanceof FlwrError, String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});
