import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { type Clock, FakeClock } from "../../base/clock.ts";
import { ServerLease, type ServerTransaction } from "./server_lease.ts";
import type { ServerRecord } from "./server_tables.ts";
import type { Effects } from "./transactions.ts";

const SECONDS = 15;
const OTHER = 2n;

/** A lease over a table in memory whose transactions commit at once. */
function lease(clock: Clock, isShared = true) {
  const stored = new Map<bigint, ServerRecord>();
  const tx: ServerTransaction = {
    servers: {
      all: () => Promise.resolve([...stored.values()]),
      put: (server) => Promise.resolve(void stored.set(server.serverId, server)),
      remove: (serverId) => Promise.resolve(void stored.delete(serverId)),
    },
  };
  const effects = { after: (change: () => void) => change() } as Effects<never>;
  const server = new ServerLease({ id: 1n, clock, seconds: SECONDS, isShared });
  return {
    server,
    extend: () => server.extend(tx, effects),
    end: () => server.end(tx, effects),
    /** Whether a transaction extended the lease as it began. */
    async renews(): Promise<boolean> {
      const renewing = server.renew(tx, effects);
      await renewing;
      return renewing !== undefined;
    },
    hasEnded: (leaseUntil: number) => server.hasEnded({ serverId: OTHER, leaseUntil }),
    until: () => stored.get(1n)?.leaseUntil,
  };
}

Deno.test("a transaction extends the lease when a quarter of it has passed", async () => {
  const clock = new FakeClock();
  const { extend, renews, until, end } = lease(clock);
  assert.equal(await renews(), false, "no lease yet");
  await extend();
  await clock.advance(3.5);
  assert.equal(await renews(), false);
  await clock.advance(0.5);
  assert.equal(await renews(), true);
  assert.equal(until(), clock.now() + SECONDS);
  assert.equal(await renews(), false);
  await end();
  await clock.advance(20);
  assert.equal(await renews(), false, "a lease that was ended stays so");
});

Deno.test("others are judged only after extensions have come in time for as long as a lease", async () => {
  const clock = new FakeClock();
  const { extend, hasEnded } = lease(clock);
  const expired = clock.now() - 100;
  assert.equal(hasEnded(expired), false, "before the first extension");
  const steadily = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 5) {
      await clock.advance(5);
      await extend();
    }
  };
  await extend();
  await steadily(10);
  assert.equal(hasEnded(expired), false);
  await steadily(5);
  assert.equal(hasEnded(expired), true);
  assert.equal(hasEnded(clock.now() + 1), false, "its lease lasts");
  // Late, but before its own lease has run out: that of another one may have.
  await clock.advance(8);
  assert.equal(hasEnded(expired), false, "while the extension is late");
  await extend();
  await steadily(10);
  assert.equal(hasEnded(expired), false, "after it came late");
  assert.equal(hasEnded(0), true, "it has said that it ended");
  await steadily(5);
  assert.equal(hasEnded(expired), true);
});

Deno.test("a clock that is set back does not stop the extensions", async () => {
  const fake = new FakeClock();
  let offset = 0;
  const clock: Clock = { now: () => fake.now() + offset, sleep: fake.sleep.bind(fake) };
  const { extend, renews, until, hasEnded } = lease(clock);
  await extend();
  offset = -3600;
  assert.equal(await renews(), true);
  assert.equal(until(), clock.now() + SECONDS);
  for (let passed = 0; passed < SECONDS; passed += 5) {
    await fake.advance(5);
    assert.equal(await renews(), true);
  }
  assert.equal(hasEnded(clock.now() - 100), true);
});

Deno.test("the lease is extended while no other transaction runs, and sooner if the store was slow", async () => {
  const clock = new FakeClock();
  const { server, extend, renews } = lease(clock);
  await extend();
  const began = clock.now();
  const extended: number[] = [];
  const closing = new AbortController();
  const slow = [6, 0];
  const running = server.extendUntil(closing.signal, async (_kind, work) => {
    assert.equal(await renews(), true);
    extended.push(clock.now() - began);
    await clock.sleep(slow.shift() ?? 0);
    return await work({} as ServerTransaction, {} as Effects<never>);
  });
  for (let step = 0; step < 21 * 4; step++) {
    await clock.advance(0.25);
    await settle();
  }
  assert.deepEqual(extended, [5, 11, 16, 21]);
  closing.abort();
  await running;
});
