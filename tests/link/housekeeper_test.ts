import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { createLink } from "../../link/create_link.ts";
import type { LinkEvent } from "../../link/events.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { type LinkStore, wrapStore } from "../../link/store/store.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import { Bench, errorObject, linkTest } from "./harness.ts";

linkTest("many due records are handled in small transactions", async (bench) => {
  const nodeId = await bench.node(1000);
  for (let index = 0; index < 25; index++) await bench.push(nodeId, { ttl: 10 });
  const failed = () => bench.eventsOf("instruction-failed").length;
  const failedBefore: number[] = [];
  const transaction = bench.store.transaction.bind(bench.store);
  bench.store.transaction = (kind, work, onCommit) => {
    failedBefore.push(failed());
    return transaction(kind, work, onCommit);
  };
  await bench.pass(10);
  assert.deepEqual([...new Set([...failedBefore, failed()])], [0, 10, 20, 25]);
}, { housekeepingBatch: 10 });

Deno.test("the wait for the lock of a shared store does not shorten the housekeeper's work", async () => {
  const store = interleave(new MemoryStore());
  const transaction = store.transaction.bind(store);
  let leases = 0;
  const bench: Bench = new Bench({
    open: () =>
      Object.assign(store, {
        transaction: ((kind, work, onCommit) =>
          transaction(kind, (tables) => {
            const get = async (name: string) => {
              if (name === "housekeeping") leases++;
              await bench.clock.advance(1);
              return await tables.leases.get(name);
            };
            return work({
              ...tables,
              leases: { get, put: (lease) => tables.leases.put(lease) },
              nextDue: () => tables.nextDue(),
            });
          }, onCommit)) satisfies LinkStore["transaction"],
      }),
  }, {});
  await bench.start();
  const nodeId = await bench.node(1000);
  for (let index = 0; index < 25; index++) await bench.push(nodeId, { ttl: 10 });
  await bench.pass(10, 1);
  const before = leases;
  await bench.pass(1, 1);
  assert.equal(bench.eventsOf("instruction-failed").length, 25);
  assert.ok(before < 5, `${before} transactions of the housekeeper`);
  await bench.link.close();
});

linkTest("no sleep exceeds the platform's timer", async (bench) => {
  const slept: number[] = [];
  const sleep = bench.clock.sleep.bind(bench.clock);
  bench.clock.sleep = (seconds, signal) => {
    slept.push(seconds);
    return sleep(seconds, signal);
  };
  const nodeId = await bench.node(1800);
  await bench.push(nodeId, { ttl: 29 * 86_400 });
  await bench.pass(29 * 86_400 + 1, 100);
  assert.equal(bench.eventsOf("instruction-failed").length, 1);
  assert.ok(Math.max(...slept) < 2 ** 31 / 1000);
});

Deno.test("a failing store is reported and tried again", async () => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const events: LinkEvent[] = [];
  let failing = false;
  const link = await createLink({
    store: wrapStore(store, {
      transaction: (kind, work, onCommit) =>
        failing
          ? Promise.reject(new Error("disk on fire"))
          : store.transaction(kind, work, onCommit),
    }),
    clock,
    random: seededRandom(1),
    messageObject: errorObject,
    onEvent: (event) => events.push(event),
  });
  await link.nodes.create({ heartbeatInterval: 30 });
  await settle();
  failing = true;
  await clock.advance(30);
  await settle();
  assert.equal(events.at(-1)?.kind, "housekeeping-failed");
  failing = false;
  await clock.advance(5);
  await settle();
  assert.equal(events.at(-1)?.kind, "node-offline");
  await link.close();
});

Deno.test("nodes do not time out while the store cannot write heartbeats", async () => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const events: LinkEvent[] = [];
  let full = false;
  const link = await createLink({
    store: wrapStore(store, {
      transaction: (kind, work, onCommit) =>
        full
          ? Promise.reject(new FlwrError("unavailable", "The SuperLink's disk is full"))
          : store.transaction(kind, work, onCommit),
    }),
    clock,
    random: seededRandom(1),
    messageObject: errorObject,
    onEvent: (event) => events.push(event),
  });
  const { nodeId } = await link.nodes.create({ heartbeatInterval: 30 });
  await settle();
  full = true;
  for (let waited = 0; waited < 120; waited += 5) {
    await assert.rejects(link.nodes.heartbeat(nodeId, 30), { code: "unavailable" });
    await clock.advance(5);
    await settle();
  }
  full = false;
  await clock.advance(20);
  await settle();
  assert.equal(await link.nodes.heartbeat(nodeId, 30), true);
  await clock.advance(20);
  await settle();
  const kinds = events.map(({ kind }) => kind);
  assert.ok(!kinds.includes("node-offline"), kinds.join());
  const reports = kinds.filter((kind) => kind === "store-failed").length;
  assert.ok(reports >= 1 && reports <= 3, `${reports} reports in two minutes`);
  await link.close();
});
