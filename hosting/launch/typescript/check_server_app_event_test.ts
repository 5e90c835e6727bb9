import { MAX_BATCH_BYTES } from "./thread/line_log.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { FURTHER_LINE } from "../../../base/run_log_lines.ts";
import {
  checkServerAppEvent,
  MAX_HINTS,
  MAX_LINE_LENGTH,
  MAX_LINES_PER_BATCH,
  MAX_SENTENCE_LENGTH,
} from "./check_server_app_event.ts";
import type { ServerAppEvent } from "./thread/worker_protocol.ts";

Deno.test("valid events are accepted, without unknown fields", () => {
  const said: ServerAppEvent[] = [
    { kind: "ready" },
    { kind: "completed", details: "" },
    { kind: "failed", message: "m", hints: ["h"] },
    { kind: "crashed", reason: "r" },
    { kind: "call", id: 7, method: "GetNodes", bytes: new Uint8Array([1]) },
    { kind: "cancel", id: 7 },
  ];
  for (const one of said) assert.deepEqual(checkServerAppEvent({ ...one, more: 1 }), one);
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("lines arrive as the bytes of their text", () => {
  const text = bytesOf("a\nä\n\n");
  assert.deepEqual(checkServerAppEvent({ kind: "lines", text }), {
    kind: "lines",
    lines: [`${FURTHER_LINE}a\n`, `${FURTHER_LINE}ä\n`, "\n"],
  });
});

Deno.test("lines without a time stamp are indented: only the SuperLink's lines begin at the margin", () => {
  const lines = ["2026-11-30T05:28:18.000Z one\n", `${FURTHER_LINE}two\n`, "\n"];
  const text = bytesOf([...lines, "Error: forged\n"].join(""));
  assert.deepEqual(checkServerAppEvent({ kind: "lines", text }), {
    kind: "lines",
    lines: [...lines, `${FURTHER_LINE}Error: forged\n`],
  });
});

Deno.test("a call that is too large is reported by id and size; any other event of that size is refused", () => {
  const call = { kind: "call", id: 7, method: "PushObject", bytes: new Uint8Array(0) };
  assert.deepEqual(checkServerAppEvent(call, 99), { kind: "large-call", id: 7, bytes: 99 });
  assert.throws(() => checkServerAppEvent({ kind: "lines", text: new Uint8Array(0) }, 99), {
    code: "invalid-argument",
  });
});

Deno.test("texts that are too long are cut, not refused", () => {
  const long = "x".repeat(MAX_LINE_LENGTH + MAX_SENTENCE_LENGTH);
  assert.deepEqual(checkServerAppEvent({ kind: "lines", text: bytesOf(`${long}\n`) }), {
    kind: "lines",
    lines: [`${(FURTHER_LINE + long).slice(0, MAX_LINE_LENGTH)}…\n`],
  });
  assert.deepEqual(checkServerAppEvent({ kind: "failed", message: long, hints: [] }), {
    kind: "failed",
    message: long.slice(0, MAX_SENTENCE_LENGTH),
    hints: [],
  });
});

Deno.test("any other value is refused as a violation of the protocol", () => {
  const wrong = [
    undefined,
    "ready",
    { kind: "load" },
    { kind: "lines", text: "a" },
    { kind: "lines", text: new Uint8Array(MAX_BATCH_BYTES + 1) },
    { kind: "lines", text: bytesOf("\n".repeat(MAX_LINES_PER_BATCH + 1)) },
    { kind: "large-call", id: 1, bytes: 1 },
    { kind: "failed", message: "m", hints: Array(MAX_HINTS + 1).fill("h") },
    { kind: "call", id: 0, method: "GetNodes", bytes: new Uint8Array() },
    { kind: "call", id: 1, method: "GetNodes", bytes: [1] },
    { kind: "cancel", id: "1" },
  ];
  for (const value of wrong) {
    assert.throws(() => checkServerAppEvent(value), {
      name: "FlwrError",
      code: "invalid-argument",
    });
  }
  fc.assert(fc.property(fc.anything(), (value) => {
    try {
      checkServerAppEvent(value);
    } catch (error) {
      assert.ok(error instanceof FlwrError, String(error));
    }
  }));
});
