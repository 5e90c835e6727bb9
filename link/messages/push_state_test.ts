import assert from "node:assert/strict";
import { nextPushState } from "./push_state.ts";

Deno.test("a push can be settled only once", () => {
  assert.equal(nextPushState("open", "settle"), "settled");
  assert.equal(nextPushState("settled", "settle"), undefined);
});
