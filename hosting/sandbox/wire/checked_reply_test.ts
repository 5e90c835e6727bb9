import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { checkSaid, MAX_STATE_BYTES } from "./checked_reply.ts";

const METADATA = {
  runId: 1n,
  messageId: "",
  srcNodeId: 2n,
  dstNodeId: 1n,
  replyToMessageId: "id",
  groupId: "",
  messageType: "train",
  createdAt: 1.5,
  ttl: 10,
};

const FAILURE = { told: "Error at client.ts:1:2", details: "Error: secret\n  at …" };

const RECORDS = [
  ["a", {
    kind: "arrays",
    items: [["w", {
      dtype: "float32",
      shape: [2],
      stype: "numpy.ndarray",
      data: new Uint8Array(8),
    }]],
  }],
  ["m", {
    kind: "metrics",
    items: [
      ["loss", { type: "double", value: NaN }],
      ["n", { type: "sint64", value: -5n }],
      ["big", { type: "uint64", value: 2n ** 64n - 1n }],
      ["all", { type: "double[]", value: [1, 2] }],
      ["ints", { type: "sint64[]", value: [] }],
      ["bigs", { type: "uint64[]", value: [1n] }],
    ],
  }],
  ["c", {
    kind: "config",
    items: [
      ["on", { type: "bool", value: true }],
      ["name", { type: "string", value: "x" }],
      ["raw", { type: "bytes", value: Uint8Array.of(1) }],
      ["flags", { type: "bool[]", value: [false] }],
      ["names", { type: "string[]", value: ["y"] }],
      ["raws", { type: "bytes[]", value: [Uint8Array.of(2)] }],
      ["loss", { type: "double", value: 1 }],
    ],
  }],
] as const;

const REPLY = { kind: "reply", message: { metadata: METADATA, content: RECORDS }, state: RECORDS };

Deno.test("what an honest app says is read as it is", () => {
  const error = { code: 2, reason: "no" };
  for (
    const said of [
      REPLY,
      { kind: "reply", message: { metadata: METADATA, error }, state: [], failure: FAILURE },
      { kind: "loaded" },
      { kind: "load-failed", message: "no", hints: ["try"], failure: FAILURE },
      { kind: "crashed", reason: "why" },
    ]
  ) assert.deepEqual(checkSaid(said), said);
});

Deno.test("what an app adds is not passed on", () => {
  assert.deepEqual(checkSaid({ kind: "loaded", more: 1 }), { kind: "loaded" });
  const { message } = checkSaid({
    ...REPLY,
    message: { ...REPLY.message, more: 1, metadata: { ...METADATA, more: 1 } },
  }) as typeof REPLY;
  assert.deepEqual(message, REPLY.message);
});

Deno.test("a state without end is refused", () => {
  const data = new Uint8Array(0);
  Object.defineProperty(data, "length", { value: MAX_STATE_BYTES });
  const state = [["c", {
    kind: "config",
    items: [["a", { type: "bytes", value: data }], ["b", { type: "bytes[]", value: [data] }]],
  }]];
  assert.throws(() => checkSaid({ ...REPLY, state }), {
    code: "resource-exhausted",
    message: `Its state has more than ${MAX_STATE_BYTES} bytes`,
  });
});

Deno.test("a sentence without end is cut", () => {
  const said = checkSaid({ kind: "crashed", reason: "x".repeat(1e6) });
  assert.ok(said.kind === "crashed" && said.reason.length < 10_000);
});

Deno.test("anything else is a FlwrError, and a reply with one field changed is, too", () => {
  const seed = { seed: 3, numRuns: 2000 };
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true }), (said) => {
      assert.throws(() => checkSaid(said), FlwrError);
    }),
    seed,
  );
  const fields = Object.keys(METADATA);
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.anything(), (field, value) => {
      const same = typeof value === typeof METADATA[field as keyof typeof METADATA];
      fc.pre(!same);
      const metadata = { ...METADATA, [field]: value };
      assert.throws(
        () => checkSaid({ ...REPLY, message: { ...REPLY.message, metadata } }),
        FlwrError,
      );
    }),
    seed,
  );
});
