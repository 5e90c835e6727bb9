import assert from "node:assert/strict";
import { applyNoColor, wantsColours } from "./colour_choice.ts";

Deno.test("--no-color turns colours off at any position, and is removed for the command", () => {
  const before = wantsColours();
  try {
    assert.deepEqual(applyNoColor(["run", "--no-color", "server:app"]), ["run", "server:app"]);
    assert.equal(wantsColours(), false);
  } finally {
    assert.deepEqual(applyNoColor(["run", "server:app"]), ["run", "server:app"]);
  }
  assert.equal(wantsColours(), before);
});
