import assert from "node:assert/strict";
import { messageKind } from "./message_kind.ts";

Deno.test("a message type counts under its kind", () => {
  const types = ["train", "train.x", "trainer", "evaluate", "query.a.b", "", "other", "Train"];
  assert.deepEqual(types.map(messageKind), [
    "train",
    "train",
    "other",
    "evaluate",
    "query",
    "other",
    "other",
    "other",
  ]);
});
