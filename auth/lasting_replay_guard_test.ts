import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../base/clock.ts";
import { LastingReplayGuard, type SignerLedger } from "./lasting_replay_guard.ts";

const WINDOW = 310;

/** A ledger that outlives its guards and counts their writes. */
class FakeLedger implements SignerLedger {
  writes = 0;
  failing = false;
  #kept = new Map<string, number>();

  read(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map(this.#kept));
  }

  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void> {
    if (this.failing) return Promise.reject(new Error("the disk is full"));
    this.writes++;
    for (const [peer, time] of until) this.#kept.set(peer, time);
    for (const [peer, time] of this.#kept) if (time < forgetBefore) this.#kept.delete(peer);
    return Promise.resolve();
  }

  /** Opens a guard of another process with the current records. */
  guard(clock: FakeClock): LastingReplayGuard {
    return new LastingReplayGuard(
      { windowSeconds: WINDOW, ledger: this, clock },
      new Map(this.#kept),
    );
  }

  get size(): number {
    return this.#kept.size;
  }
}

const signed = (seconds: number, nonce = String(seconds)) => ({ nonce, seconds });

Deno.test("after a crash, accepted signatures are refused and later ones accepted", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const now = clock.now();
  const guard = ledger.guard(clock);
  // One clock is slow, one is fast.
  assert.equal(await guard.accept("slow", signed(now - 300)), "fresh");
  assert.equal(await guard.accept("fast", signed(now + 4)), "fresh");
  const next = ledger.guard(clock);
  assert.equal(await next.accept("slow", signed(now - 300)), "unsure");
  assert.equal(await next.accept("fast", signed(now + 4)), "unsure");
  assert.equal(await next.accept("slow", signed(now - 298.9)), "fresh", "by its own clock");
  assert.equal(await next.accept("fast", signed(now + 4.9)), "unsure", "within what was noted");
  assert.equal(await next.accept("fast", signed(now + 5.1)), "fresh");
  assert.equal(await next.accept("other", signed(now - 300)), "fresh", "it was never heard");
});

Deno.test("after a normal end no peer must wait", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const now = clock.now();
  const guard = ledger.guard(clock);
  await guard.accept("a", signed(now));
  await guard.accept("a", signed(now - 0.5));
  await guard.settle();
  const next = ledger.guard(clock);
  assert.equal(await next.accept("a", signed(now)), "unsure");
  assert.equal(await next.accept("a", signed(now - 0.2)), "unsure");
  assert.equal(await next.accept("a", signed(now + 1e-6)), "fresh");
});

Deno.test("signatures after settling are recorded, too", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const now = clock.now();
  const guard = ledger.guard(clock);
  await guard.accept("a", signed(now));
  const settling = guard.settle();
  assert.equal(await guard.accept("a", signed(now + 0.1)), "fresh");
  await settling;
  assert.equal(await ledger.guard(clock).accept("a", signed(now + 0.1)), "unsure");
});

Deno.test("many calls cause few writes, and one process accepts signatures in any order", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const now = clock.now();
  const guard = ledger.guard(clock);
  const times = Array.from({ length: 1000 }, (_, call) => now + call / 1001);
  const verdicts = await Promise.all(times.toReversed().map((at) => guard.accept("a", signed(at))));
  assert.ok(verdicts.every((verdict) => verdict === "fresh"));
  assert.ok(ledger.writes <= 2, `${ledger.writes} writes`);
  assert.equal(await guard.accept("a", signed(now)), "replayed");
  const next = ledger.guard(clock);
  for (const at of times) assert.equal(await next.accept("a", signed(at)), "unsure");
});

Deno.test("a signature that could not be recorded is never accepted", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const guard = ledger.guard(clock);
  ledger.failing = true;
  await assert.rejects(guard.accept("a", signed(clock.now())), /disk is full/);
  ledger.failing = false;
  assert.equal(await guard.accept("a", signed(clock.now())), "replayed");
  assert.equal(await guard.accept("a", signed(clock.now() + 1)), "fresh");
});

Deno.test("peers without calls in the whole window are removed", async () => {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const guard = ledger.guard(clock);
  for (let peer = 0; peer < 100; peer++) await guard.accept(`${peer}`, signed(clock.now()));
  assert.deepEqual([guard.size, ledger.size], [100, 100]);
  await clock.advance(WINDOW + 2);
  await guard.accept("last", signed(clock.now()));
  assert.deepEqual([guard.size, ledger.size], [1, 1]);
});

Deno.test("no signature is accepted twice, whenever a process crashes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          peer: fc.constantFrom("a", "b"),
          at: fc.integer({ min: -20, max: 20 }),
          act: fc.constantFrom("call", "call", "call", "crash", "end", "wait"),
        }),
        { maxLength: 60 },
      ),
      async (steps) => {
        const [clock, ledger] = [new FakeClock(), new FakeLedger()];
        const accepted = new Set<string>();
        let guard = ledger.guard(clock);
        for (const { peer, at, act } of steps) {
          if (act === "wait") await clock.advance(1);
          if (act === "end") await guard.settle();
          if (act === "end" || act === "crash") guard = ledger.guard(clock);
          if (act !== "call") continue;
          const seconds = Math.floor(clock.now()) + at / 4;
          if (await guard.accept(peer, signed(seconds)) !== "fresh") continue;
          assert.ok(!accepted.has(`${peer} ${seconds}`), "twice");
          accepted.add(`${peer} ${seconds}`);
        }
      },
    ),
    { verbose: true },
  );
});
