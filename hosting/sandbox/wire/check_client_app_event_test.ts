import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { checkClientAppEvent, MAX_STATE_BYTES } from "./check_client_app_event.ts";

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

const FAILURE = { summary: "Error at client.ts:1:2", details: "Error: secret\n  at …" };

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

Deno.test("valid events of an app are accepted unchanged", () => {
  const error = { code: 2, reason: "no" };
  for (
    const said of [
      REPLY,
      { kind: "reply", message: { metadata: METADATA, error }, state: [], failure: FAILURE },
      { kind: "loaded" },
      { kind: "load-failed", message: "no", hints: ["try"], failure: FAILURE },
      { kind: "crashed", reason: "why" },
    ]
  ) assert.deepEqual(checkClientAppEvent(said), said);
});

Deno.test("unknown fields of an event are not passed on", () => {
  assert.deepEqual(checkClientAppEvent({ kind: "loaded", more: 1 }), { kind: "loaded" });
  const { message } = checkClientAppEvent({
    ...REPLY,
    message: { ...REPLY.message, more: 1, metadata: { ...METADATA, more: 1 } },
  }) as typeof REPLY;
  assert.deepEqual(message, REPLY.message);
});

Deno.test("a state that is too large is refused", () => {
  const data = new Uint8Array(0);
  Object.defineProperty(data, "length", { value: MAX_STATE_BYTES });
  const state = [["c", {
    kind: "config",
    items: [["a", { type: "bytes", value: data }], ["b", { type: "bytes[]", value: [data] }]],
  }]];
  assert.throws(() => checkClientAppEvent({ ...REPLY, state }), {
    code: "resource-exhausted",
    message: `The app's state has more than ${MAX_STATE_BYTES} bytes`,
  });
});

Deno.test("an error text that is too long is cut", () => {
  const said = checkClientAppEvent({ kind: "crashed", reason: "x".repeat(1e6) });
  assert.ok(said.kind === "crashed" && said.reason.length < 10_000);
});

Deno.test("any other value throws a FlwrError, and so does a reply with one field changed", () => {
  const seed = { seed: 3, numRuns: 2000 };
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true }), (said) => {
      assert.throws(() => checkClientAppEvent(said), FlwrError);
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
        () => checkClientAppEvent({ ...REPLY, message: { ...REPLY.message, metadata } }),
        FlwrError,
      );
    }),
    seed,
  );
});
