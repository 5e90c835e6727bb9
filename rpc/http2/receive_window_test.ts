import assert from "node:assert/strict";
import { ReceiveWindow } from "./receive_window.ts";

Deno.test("receive window: consumed bytes are announced once they are half of it, and not before", () => {
  const window = new ReceiveWindow(100);
  assert.equal(window.receive(100), true);
  assert.deepEqual([window.consume(20), window.consume(29), window.consume(1)], [0, 0, 50]);
  assert.equal(window.receive(50), true);
  assert.equal(window.receive(1), false, "the other half is not consumed yet");
});
