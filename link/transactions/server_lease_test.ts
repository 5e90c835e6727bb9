import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { type Clock, FakeClock } from "../../base/clock.ts";
import { ServerLease, type ServerTransaction } from "./server_lease.ts";
import type { LeaseRecord, ServerRecord } from "./server_tables.ts";
import type { Effects } from "./transactions.ts";

const SECONDS = 15;
const OTHER = 2n;

/** A lease over a table in memory whose transactions commit at once. */
function lease(clock: Clock, isShared = true) {
  const stored = new Map<bigint, ServerRecord>();
  const leases = new Map<string, LeaseRecord>();
  const tx: ServerTransaction = {
    servers: {
      all: () => Promise.resolve([...stored.values()]),
      put: (server) => Promise.resolve(void stored.set(server.serverId, server)),
      remove: (serverId) => Promise.resolve(void stored.delete(serverId)),
    },
    leases: {
      get: (name) => Promise.resolve(leases.get(name)),
      put: (lease) => Promise.resolve(void leases.set(lease.name, lease)),
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
    /** Whether another SuperLink has ended, in the eyes of this one or of a third one. */
    async hasEnded(leaseUntil: number, observer = server): Promise<boolean> {
      stored.set(OTHER, { serverId: OTHER, leaseUntil });
      const ended = await observer.ended(tx);
      stored.delete(OTHER);
      return ended.some(({ serverId }) => serverId === OTHER);
    },
    /** Another SuperLink, which has started. */
    async another(): Promise<ServerLease> {
      const other = new ServerLease({ id: 3n, clock, seconds: SECONDS, isShared });
      await other.extend(tx, effects);
      return other;
    },
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
  const { extend, hasEnded, another } = lease(clock);
  const expired = clock.now() - 100;
  const steadily = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 5) {
      await clock.advance(5);
      await extend();
    }
  };
  await extend();
  assert.equal(await hasEnded(expired), true, "nothing says that the store did not answer");
  await clock.advance(20);
  await extend();
  await steadily(10);
  assert.equal(await hasEnded(expired), false, "the store may not have answered before");
  await steadily(5);
  assert.equal(await hasEnded(expired), true);
  assert.equal(await hasEnded(clock.now() + 1), false, "its lease lasts");
  // One that starts knows from the store that the extensions have come in time.
  assert.equal(await hasEnded(expired, await another()), true);
  // Late, but before its own lease has run out: that of another one may have.
  await clock.advance(8);
  assert.equal(await hasEnded(expired), false, "while the extension is late");
  await extend();
  await steadily(10);
  assert.equal(await hasEnded(expired), false, "after it came late");
  assert.equal(await hasEnded(expired, await another()), false);
  assert.equal(await hasEnded(0), true, "it has said that it ended");
  await steadily(5);
  assert.equal(await hasEnded(expired), true);
});

Deno.test("an extension of any SuperLink shows that the store answers", async () => {
  const clock = new FakeClock();
  const { extend, hasEnded, another } = lease(clock);
  await extend();
  const expired = clock.now() - 100;
  await clock.advance(20);
  let last = await another();
  assert.equal(await hasEnded(expired, last), false, "the store may not have answered before");
  // No SuperLink lives for long, as when one after the other crashes.
  for (let passed = 0; passed < SECONDS; passed += 5) {
    await clock.advance(5);
    last = await another();
  }
  assert.equal(await hasEnded(expired, last), true);
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
  assert.equal(await hasEnded(clock.now() - 100), true);
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
