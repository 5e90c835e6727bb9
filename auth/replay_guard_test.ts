import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../base/clock.ts";
import { ReplayGuard } from "./replay_guard.ts";

/** A signature of a time; default: one that is not stale. */
const signed = (nonce: string, seconds = 0) => ({ nonce, seconds });

Deno.test("a signature is accepted once per window and peer", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, clock });
  assert.equal(guard.accept("a", signed("x")), "fresh");
  assert.equal(guard.accept("a", signed("x")), "replayed");
  assert.equal(guard.accept("b", signed("x")), "fresh");
  await clock.advance(9.9);
  assert.equal(guard.accept("a", signed("x")), "replayed");
  await clock.advance(0.1);
  assert.equal(guard.accept("a", signed("x")), "fresh");
});

Deno.test("a replay does not extend the memory", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, clock });
  guard.accept("a", signed("x"));
  await clock.advance(6);
  guard.accept("a", signed("x"));
  await clock.advance(6);
  assert.equal(guard.accept("a", signed("x")), "fresh");
});

Deno.test("a peer that calls often is accepted, but a forgotten signature never is", () => {
  const guard = new ReplayGuard({ windowSeconds: 10, perPeer: 2, clock: new FakeClock() });
  for (const time of [1, 2, 3, 4]) {
    assert.equal(guard.accept("a", signed(`${time}`, time)), "fresh");
  }
  assert.equal(guard.size, 2);
  assert.equal(guard.accept("a", signed("1", 1)), "stale");
  assert.equal(guard.accept("a", signed("2", 2)), "stale");
  assert.equal(guard.accept("a", signed("other", 2)), "stale");
  assert.equal(guard.accept("a", signed("3", 3)), "replayed");
  assert.equal(guard.accept("b", signed("1", 1)), "fresh", "another peer is not affected");
});

Deno.test("when the memory is full, the peer with the oldest last call is removed", () => {
  const guard = new ReplayGuard({ windowSeconds: 10, capacity: 3, clock: new FakeClock() });
  guard.accept("a", signed("1", 1));
  guard.accept("a", signed("2", 2));
  guard.accept("b", signed("3", 3));
  assert.equal(guard.accept("c", signed("4", 4)), "fresh");
  assert.equal(guard.size, 2);
  assert.equal(guard.accept("a", signed("1", 1)), "stale");
  assert.equal(guard.accept("b", signed("3", 3)), "replayed");
  assert.equal(guard.accept("a", signed("5", 5)), "fresh");
});

Deno.test("silent peers leave nothing behind", async () => {
  const clock = new FakeClock();
  const guard = new ReplayGuard({ windowSeconds: 10, clock });
  for (const peer of ["a", "b", "c"]) guard.accept(peer, signed("1"));
  await clock.advance(10);
  guard.accept("d", signed("1"));
  assert.equal(guard.size, 1);
});

Deno.test("no signature is accepted twice while it is valid, however small the memory is", async () => {
  const windowSeconds = 5;
  const call = fc.record({
    peer: fc.constantFrom("a", "b", "c"),
    nonce: fc.constantFrom("1", "2", "3", "4", "5"),
    age: fc.constantFrom(0, 1, 4),
    wait: fc.constantFrom(0, 1, 4),
  });
  const memory = fc.record({
    capacity: fc.integer({ min: 2, max: 6 }),
    perPeer: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(memory, fc.array(call, { maxLength: 60 }), async (limits, calls) => {
      const clock = new FakeClock();
      const guard = new ReplayGuard({ windowSeconds, clock, ...limits });
      const times = new Map<string, number>();
      const accepted = new Set<string>();
      for (const { peer, nonce, age, wait } of calls) {
        await clock.advance(wait);
        const id = `${peer}${nonce}`;
        // A signature has one time, which is refused after the window.
        const seconds = times.get(id) ?? clock.now() - age;
        times.set(id, seconds);
        if (clock.now() - seconds >= windowSeconds) continue;
        const verdict = guard.accept(peer, { nonce, seconds });
        assert.ok(!accepted.has(id) || verdict !== "fresh", id);
        if (verdict === "fresh") accepted.add(id);
        assert.ok(guard.size <= limits.capacity || guard.size <= limits.perPeer);
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});
