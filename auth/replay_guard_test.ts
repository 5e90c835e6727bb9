import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../base/clock.ts";
import { ReplayGuard } from "./replay_guard.ts";

Deno.test("a value passes once per window and peer", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, clock });
  assert.equal(guard.accept("a", "x"), "fresh");
  assert.equal(guard.accept("a", "x"), "replayed");
  assert.equal(guard.accept("b", "x"), "fresh");
  await clock.advance(9.9);
  assert.equal(guard.accept("a", "x"), "replayed");
  await clock.advance(0.1);
  assert.equal(guard.accept("a", "x"), "fresh");
});

Deno.test("a replay does not prolong the memory", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, clock });
  guard.accept("a", "x");
  await clock.advance(6);
  guard.accept("a", "x");
  await clock.advance(6);
  assert.equal(guard.accept("a", "x"), "fresh");
});

Deno.test("a full memory refuses rather than forgets, and one peer cannot fill it for all", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, capacity: 3, perPeer: 2, clock });
  assert.deepEqual(["1", "2", "3"].map((value) => guard.accept("a", value)), [
    "fresh",
    "fresh",
    "full",
  ]);
  assert.equal(guard.accept("b", "1"), "fresh");
  assert.equal(guard.accept("c", "1"), "full");
  assert.equal(guard.accept("a", "1"), "replayed");
  await clock.advance(10);
  assert.equal(guard.accept("c", "1"), "fresh");
  assert.equal(guard.size, 1);
});

Deno.test("it agrees with a list of all accepted values", async () => {
  const call = fc.record({
    peer: fc.constantFrom("a", "b"),
    value: fc.constantFrom("1", "2", "3", "4"),
    wait: fc.constantFrom(0, 1, 4),
  });
  await fc.assert(fc.asyncProperty(fc.array(call), async (calls) => {
    const clock = new FakeClock();
    const guard = new ReplayGuard({ windowSeconds: 5, clock });
    const accepted: { id: string; at: number }[] = [];
    for (const { peer, value, wait } of calls) {
      await clock.advance(wait);
      const id = `${peer}${value}`;
      const known = accepted.some((entry) => entry.id === id && clock.now() < entry.at + 5);
      if (!known) accepted.push({ id, at: clock.now() });
      assert.equal(guard.accept(peer, value), known ? "replayed" : "fresh");
    }
  }));
});
