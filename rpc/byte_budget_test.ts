import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { ByteBudget, type ByteBudgetOptions, type ByteLease } from "./byte_budget.ts";

const CAPACITY = 10;
const SLOW = 15;
const PATIENCE = 20;
const SLOW_AFTER = 5;
const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

/** Runs everything that does not wait for the clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A caller that holds bytes or waits for them. */
interface Taker {
  readonly bytes: number;
  readonly caller: AbortController;
  lease?: ByteLease;
  error?: string;
  released?: true;
}

class Bench {
  readonly clock = new FakeClock();
  readonly budget: ByteBudget;
  readonly takers: Taker[] = [];
  /** In the order in which they got their bytes. */
  readonly begun: Taker[] = [];

  constructor(options: ByteBudgetOptions = {}) {
    this.budget = new ByteBudget({
      bytes: CAPACITY,
      slowBytes: SLOW,
      slowAfterSeconds: SLOW_AFTER,
      patienceSeconds: PATIENCE,
      clock: this.clock,
      ...options,
    });
  }

  async take(bytes: number): Promise<Taker> {
    const taker: Taker = { bytes, caller: new AbortController() };
    this.takers.push(taker);
    this.budget.acquire(bytes, taker.caller.signal).then((lease) => {
      taker.lease = lease;
      this.begun.push(taker);
    }, (error) => taker.error = FlwrError.from(error).code);
    await settle();
    return taker;
  }

  async release(taker: Taker): Promise<void> {
    taker.lease!.release();
    taker.released = true;
    await settle();
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds);
    await settle();
  }

  get held(): Taker[] {
    return this.takers.filter(({ lease, released }) => lease !== undefined && !released);
  }
}

Deno.test("byte budget: requests are served in order, and small ones do not pass a large one", async () => {
  const bench = new Bench();
  const first = await bench.take(6);
  const large = await bench.take(8);
  const small = await bench.take(1);
  assert.deepEqual(bench.begun, [first]);
  assert.equal(bench.budget.waiting, 2);
  await bench.release(first);
  assert.deepEqual(bench.begun, [first, large, small]);
});

Deno.test("byte budget: a request above the budget gets all of it", async () => {
  const bench = new Bench();
  const huge = await bench.take(1000);
  const small = await bench.take(1);
  assert.deepEqual(bench.begun, [huge]);
  await bench.release(huge);
  assert.deepEqual(bench.begun, [huge, small]);
});

Deno.test("byte budget: bytes are returned once", async () => {
  const bench = new Bench();
  const first = await bench.take(CAPACITY);
  await bench.release(first);
  await bench.release(first);
  await bench.take(CAPACITY);
  await bench.take(1);
  assert.equal(bench.budget.waiting, 1);
});

Deno.test("byte budget: waits are limited, and a cancelled one lets the next request through", async () => {
  const bench = new Bench({ slowAfterSeconds: Infinity });
  await bench.take(5);
  const late = await bench.take(6);
  await bench.pass(PATIENCE - 1);
  const next = await bench.take(5);
  assert.equal(late.error, undefined);
  await bench.pass(1);
  assert.equal(late.error, "unavailable");
  assert.notEqual(next.lease, undefined);
  const gone = await bench.take(5);
  gone.caller.abort();
  await settle();
  assert.equal(gone.error, "cancelled");
  assert.equal(bench.budget.waiting, 0);
});

Deno.test("byte budget: slow bodies make room for others, within their own budget", async () => {
  const bench = new Bench({ slowBytes: 5 });
  const slow = [await bench.take(5), await bench.take(5)];
  const next = await bench.take(5);
  const last = await bench.take(5);
  await bench.pass(SLOW_AFTER);
  assert.deepEqual(bench.begun, [...slow, next]);
  await bench.release(slow[0]!); // the other one takes its place in the budget for slow bodies
  assert.deepEqual(bench.begun, [...slow, next, last]);
});

const commands = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 0, max: 14 }) }) },
    { weight: 3, arbitrary: fc.record({ release: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ abort: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 12 }) }) },
  ),
  { maxLength: 60 },
);

Deno.test(`byte budget: the limit and the order hold, and every wait ends (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const bench = new Bench();
      for (const command of list) {
        if ("take" in command) await bench.take(command.take);
        else if ("pass" in command) await bench.pass(command.pass);
        else if ("release" in command) {
          const { held } = bench;
          if (held.length > 0) await bench.release(held[command.release % held.length]!);
        } else {
          const { takers } = bench;
          if (takers.length > 0) takers[command.abort % takers.length]!.caller.abort();
          await settle();
        }
        const sum = bench.held.reduce((total, { bytes }) => total + Math.min(bytes, CAPACITY), 0);
        assert.ok(sum <= CAPACITY + SLOW, `${sum} bytes are held`);
        const waiting = bench.takers.filter(({ lease, error }) =>
          lease === undefined && error === undefined
        );
        assert.equal(bench.budget.waiting, waiting.length);
        // No request waits while its bytes are free.
        if (waiting.length > 0) {
          assert.ok(sum + Math.min(waiting[0]!.bytes, CAPACITY) > CAPACITY);
        }
      }
      const turns = bench.takers.filter((taker) => bench.begun.includes(taker));
      assert.deepEqual(bench.begun, turns);
      for (let next = bench.held[0]; next !== undefined; next = bench.held[0]) {
        await bench.release(next);
      }
      assert.ok(bench.takers.every(({ lease, error }) => lease ?? error));
      const all = await bench.take(CAPACITY);
      assert.notEqual(all.lease, undefined, "all of it is free again");
    }),
    { seed, numRuns: 300 },
  );
});
