import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type StoreEvent, StoreTrouble } from "../../link/transactions/store_trouble.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { openReplays, settleReplays } from "./replays.ts";

Deno.test("a signature that cannot be stored on a full disk is refused", async () => {
  const clock = new FakeClock();
  const events: StoreEvent[] = [];
  const trouble = new StoreTrouble(clock, (event) => events.push(event));
  const full = new FlwrError("unavailable", "The SuperLink's disk is full");
  const refuse = () => Promise.reject(full);
  const signers = { read: () => Promise.resolve(new Map()), note: refuse };
  const signatures = { add: refuse, removeExpired: refuse };
  for (const isShared of [false, true]) {
    const replays = await openReplays({ isShared, signers, signatures }, trouble);
    const signed = { nonce: "1", seconds: Date.now() / 1000 };
    await assert.rejects(replays.accept("key", signed), { code: "unavailable" });
    assert.ok(trouble.graceUntil > clock.now(), "silent nodes are not taken for dead");
  }
  // Once a minute.
  assert.deepEqual(events, [{ kind: "store-failed", error: full }]);
});

Deno.test("SuperLinks on one store accept a signature once", async () => {
  const trouble = new StoreTrouble(new FakeClock(), () => {});
  const store = new MemoryStore();
  const shared = { isShared: true, signers: store.signers, signatures: store.signatures };
  const [a, b] = [await openReplays(shared, trouble), await openReplays(shared, trouble)];
  const signed = { nonce: "1", seconds: Date.now() / 1000 };
  assert.equal(await a.accept("key", signed), "fresh");
  assert.equal(await b.accept("key", signed), "replayed");
  await settleReplays(b);
  await store.close();
});
