import assert from "node:assert/strict";
import { fleetTable, ratesOf } from "./fleet_table.ts";
import type { FleetFacts } from "./fleets.ts";

const FLEET: FleetFacts = {
  side: "flwr",
  nodes: 100,
  seconds: 10,
  joinSeconds: 2,
  cpuSeconds: 5,
  loadCpuSeconds: 3,
  before: 80e6,
  resident: 90e6,
  heartbeatSeconds: [...new Array<number>(198).fill(0.01), 4, 6],
  failures: 1,
  calls: 400,
  due: 201,
  inTime: 199,
};

Deno.test("ratesOf: rates are of the time watched, and of one node", () => {
  assert.deepEqual(ratesOf(FLEET), {
    inTime: 199 / 201,
    slow: 4,
    callsPerSecond: 40,
    cores: 0.5,
    cpuPerNode: 5,
    bytesPerNode: 1e5,
  });
});

Deno.test("fleetTable: a row for each fleet", () => {
  const [, , row] = fleetTable([FLEET]);
  assert.match(row!, /^\| flwr, 100 +\| +201 \| +99\.00 % \| +4\.00 s \| /);
});
