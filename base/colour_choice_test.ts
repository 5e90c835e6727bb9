import assert from "node:assert/strict";
import { takeNoColor, wantsColours } from "./colour_choice.ts";

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
