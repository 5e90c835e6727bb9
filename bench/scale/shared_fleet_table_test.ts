import assert from "node:assert/strict";
import { sharedFleetTable, sharedRatesOf } from "./shared_fleet_table.ts";
import type { SharedFleetFacts } from "./shared_fleets.ts";

const FLEET: SharedFleetFacts = {
  nodes: 100,
  superLinks: 2,
  seconds: 10,
  joinSeconds: 2,
  cpuSeconds: 5,
  databaseCpuSeconds: 2.5,
  loadCpuSeconds: 1,
  statements: 4000,
  commits: 1000,
  logBytes: 80_000,
  networkBytes: 400_000,
  databaseBytes: 8e6,
  before: 80e6,
  resident: 90e6,
  heartbeatSeconds: [...new Array<number>(198).fill(0.01), 4, 6],
  failures: 1,
  calls: 400,
  due: 201,
  inTime: 199,
};

Deno.test("sharedRatesOf: rates are of one call, one node, or the time watched", () => {
  assert.deepEqual(sharedRatesOf(FLEET), {
    inTime: 199 / 201,
    median: 0.01,
    slow: 4,
    callsPerSecond: 40,
    cores: 0.5,
    databaseCores: 0.25,
    loadCores: 0.1,
    cpuPerNodeHour: 27,
    statementsPerCall: 10,
    logBytesPerCall: 200,
    networkBytesPerCall: 1000,
    bytesPerNode: 1e5,
  });
});

Deno.test("sharedFleetTable: a row for each fleet", () => {
  const [, , row] = sharedFleetTable([FLEET]);
  assert.match(row!, /^\| 100 +\| 99\.00 % \| +10\.0 ms \| +4000 ms \| /);
});
