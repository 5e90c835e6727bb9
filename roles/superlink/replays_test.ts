import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type StoreEvent, StoreTrouble } from "../../link/transactions/store_trouble.ts";
import { openReplays } from "./replays.ts";

Deno.test("a signature that cannot be stored on a full disk is refused", async () => {
  const clock = new FakeClock();
  const events: StoreEvent[] = [];
  const trouble = new StoreTrouble(clock, (event) => events.push(event));
  const full = new FlwrError("unavailable", "The SuperLink's disk is full");
  const signers = { read: () => Promise.resolve(new Map()), note: () => Promise.reject(full) };
  const replays = await openReplays(signers, trouble);
  const signed = { nonce: "1", seconds: Date.now() / 1000 };
  await assert.rejects(replays.accept("key", signed), { code: "unavailable" });
  assert.deepEqual(events, [{ kind: "store-failed", error: full }]);
  assert.ok(trouble.graceUntil > clock.now(), "silent nodes are not taken for dead");
});
