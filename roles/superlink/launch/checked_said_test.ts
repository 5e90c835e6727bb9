import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { checkSaid } from "./checked_said.ts";
import { MAX_HINTS, MAX_LINE_LENGTH, MAX_SENTENCE_LENGTH } from "./limits.ts";
import type { FromWorker } from "./worker_protocol.ts";

Deno.test("what an app's process may say is taken as it is, without what else it adds", () => {
  const said: FromWorker[] = [
    { kind: "ready" },
    { kind: "completed", details: "" },
    { kind: "lines", lines: ["a\n", ""] },
    { kind: "failed", message: "m", hints: ["h"] },
    { kind: "crashed", reason: "r" },
    { kind: "call", id: 7, method: "GetNodes", bytes: new Uint8Array([1]) },
    { kind: "cancel", id: 7 },
  ];
  for (const one of said) assert.deepEqual(checkSaid({ ...one, more: 1 }), one);
});

Deno.test("texts that are too long are cut, not refused", () => {
  const long = "x".repeat(MAX_LINE_LENGTH + MAX_SENTENCE_LENGTH);
  assert.deepEqual(checkSaid({ kind: "lines", lines: [long] }), {
    kind: "lines",
    lines: [`${long.slice(0, MAX_LINE_LENGTH)}…\n`],
  });
  assert.deepEqual(checkSaid({ kind: "failed", message: long, hints: [] }), {
    kind: "failed",
    message: long.slice(0, MAX_SENTENCE_LENGTH),
    hints: [],
  });
});

Deno.test("anything else is a breach of the protocol, told as such", () => {
  const wrong = [
    undefined,
    "ready",
    { kind: "load" },
    { kind: "lines", lines: "a" },
    { kind: "lines", lines: [1] },
    { kind: "failed", message: "m", hints: Array(MAX_HINTS + 1).fill("h") },
    { kind: "call", id: 0, method: "GetNodes", bytes: new Uint8Array() },
    { kind: "call", id: 1, method: "GetNodes", bytes: [1] },
    { kind: "cancel", id: "1" },
  ];
  for (const value of wrong) {
    assert.throws(() => checkSaid(value), { name: "FlwrError", code: "invalid-argument" });
  }
  fc.assert(fc.property(fc.anything(), (value) => {
    try {
      checkSaid(value);
    } catch (error) {
      assert.ok(error instanceof FlwrError, String(error));
    }
  }));
});
