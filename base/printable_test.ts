import assert from "node:assert/strict";
import { printable } from "./printable.ts";

Deno.test("control characters of both sets become escapes, all else stays", () => {
  assert.equal(printable("a\nb\r\t\u001b[2J\u007f\u009b"), "a\\nb\\r\\t\\u001b[2J\\u007f\\u009b");
  assert.equal(printable('ü 漢 "quoted" \\ \u00a0'), 'ü 漢 "quoted" \\ \u00a0');
});
