import assert from "node:assert/strict";
import { mostNodes, needsOf } from "./capacity.ts";
import type { Costs } from "./costs.ts";

const COSTS: Costs = {
  heartbeatEvery: 20,
  pullEvery: 20,
  superLinkPerCall: 0.3e-3,
  mainThreadPerCall: 0.3e-3,
  databasePerCall: 0.1e-3,
  transaction: 2e-3,
  perHeartbeat: 0.1e-3,
  memoryPerNode: 70e3,
  memoryPerProcess: 100e6,
  logPerCall: 800,
  networkPerCall: 1000,
  nodeRow: 500,
  signatureRow: 300,
};

Deno.test("needsOf: 100,000 nodes", () => {
  const { median, slow, superLinkCores, ...needs } = needsOf(100_000, COSTS);
  assert.deepEqual(needs, {
    nodes: 100_000,
    callsPerSecond: 10_000,
    processes: 13,
    limit: "connections",
    memory: 8.3e9,
    databaseConnections: 104,
    databaseCores: 1,
    lockUsed: 0.5,
    log: 8e6,
    network: 1e7,
    database: 50e6 + 10_000 * 430 * 300,
  });
  assert.ok(Math.abs(superLinkCores - 5) < 1e-9);
  // A turn of all processes takes 13 · 2 ms / (1 − 0.5), and a heartbeat waits for half of one, and for its own.
  assert.ok(median > 0.02 && median < 0.06, `${median}`);
  assert.ok(slow > median && slow < 0.12, `${slow}`);
});

Deno.test("needsOf: more heartbeats than the lock has time for do not fit", () => {
  const most = mostNodes(COSTS);
  assert.equal(Math.round(most), 200_000);
  assert.equal(needsOf(2 * most, COSTS).slow, Infinity);
  assert.ok(needsOf(0.9 * most, COSTS).slow < 1);
});

Deno.test("needsOf: with costly calls, the main thread limits a process", () => {
  const { processes, limit } = needsOf(100_000, { ...COSTS, mainThreadPerCall: 3e-3 });
  assert.deepEqual([processes, limit], [50, "main thread"]);
});
