import assert from "node:assert/strict";
import { wantsColours } from "../../base/colour_choice.ts";
import { applyNoColor } from "./no_color.ts";

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
