import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { Leadership } from "./leadership.ts";
import type { LeaseRecord, LeaseTable } from "./server_tables.ts";
import type { Effects } from "./transactions.ts";

const SECONDS = 15;

/** Leases in memory, and the effects of transactions that commit at once. */
function stored(): { tx: { leases: LeaseTable }; effects: Effects<never> } {
  let stored: LeaseRecord | undefined;
  const leases = {
    get: () => Promise.resolve(stored),
    put(lease: LeaseRecord) {
      stored = lease;
      return Promise.resolve();
    },
  };
  const effects = { after: (change: () => void) => change() } as Effects<never>;
  return { tx: { leases }, effects };
}

function candidate(serverId: bigint, clock: FakeClock, taken: bigint[] = []): Leadership {
  const onTaken = () => taken.push(serverId);
  return new Leadership({ name: "test", serverId, clock, seconds: SECONDS, onTaken });
}

Deno.test("one leads as long as it acts, and another one when its lease has ended", async () => {
  const [clock, taken] = [new FakeClock(), [] as bigint[]];
  const [a, b] = [candidate(1n, clock, taken), candidate(2n, clock, taken)];
  const { tx, effects } = stored();
  for (let time = 0; time < 60; time += 5) {
    assert.equal(await a.leads(tx, effects), true);
    assert.equal(await b.leads(tx, effects), false);
    await clock.advance(5);
  }
  await clock.advance(SECONDS);
  assert.equal(await b.leads(tx, effects), true);
  assert.equal(await a.leads(tx, effects), false);
  assert.deepEqual(taken, [1n, 2n]);
});

Deno.test("one that was suspended for longer than its lease finds that it lost it", async () => {
  const clock = new FakeClock();
  const [a, b] = [candidate(1n, clock), candidate(2n, clock)];
  const { tx, effects } = stored();
  assert.equal(await a.leads(tx, effects), true);
  await clock.advance(SECONDS);
  assert.equal(await b.leads(tx, effects), true);
  assert.equal(await a.leads(tx, effects), false, "another one leads");
  // A process with the same id, but without the number, does not lead either.
  assert.equal(await candidate(2n, clock).leads(tx, effects), false);
  await clock.advance(SECONDS);
  assert.equal(await a.leads(tx, effects), true);
  assert.equal((await tx.leases.get("test"))?.number, 3);
});

Deno.test("one that resigns is followed at once, and never leads again", async () => {
  const clock = new FakeClock();
  const [a, b] = [candidate(1n, clock), candidate(2n, clock)];
  const { tx, effects } = stored();
  assert.equal(await a.leads(tx, effects), true);
  await b.resign(tx);
  assert.equal(await candidate(3n, clock).leads(tx, effects), false, "only a leader can resign");
  await a.resign(tx);
  assert.equal(await a.leads(tx, effects), false);
  assert.equal(await candidate(3n, clock).leads(tx, effects), true);
});
