import assert from "node:assert/strict";
import { wantsColours } from "../../base/colour_choice.ts";
import { takeNoColor } from "./no_color.ts";

Deno.test("--no-color turns colours off wherever it stands, and is gone for the command", () => {
  const before = wantsColours();
  try {
    assert.deepEqual(takeNoColor(["run", "--no-color", "server:app"]), ["run", "server:app"]);
    assert.equal(wantsColours(), false);
  } finally {
    assert.deepEqual(takeNoColor(["run", "server:app"]), ["run", "server:app"]);
  }
  assert.equal(wantsColours(), before);
});
