/**
 * Prints what fleets need, computed from measured costs and a simulation of the database's queue:
 *
 *     deno run -A bench/scale/print_capacity.ts [--nodes 10000,100000] [--round-trip 0.5] [--heartbeat 20]
 *
 * The round trip is in milliseconds, between SuperLink and database. The heartbeat's interval is in seconds.
 */
import { parseArgs } from "node:util";
import { formatTable } from "../support/table.ts";
import { formatValue } from "../support/unit.ts";
import { mostNodes, needsOf } from "./capacity.ts";
import { MEASURED } from "./costs.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "10000,100000,1000000" },
    "round-trip": { type: "string", default: "0.5" },
    heartbeat: { type: "string", default: `${MEASURED.heartbeatEvery}` },
  },
});
const costs = { ...MEASURED, heartbeatEvery: Number(values.heartbeat) };
const roundTrip = Number(values["round-trip"]) / 1000;
const needs = values.nodes.split(",").map((nodes) => needsOf(Number(nodes), costs, roundTrip));
const ms = (seconds: number) => Number.isFinite(seconds) ? formatValue(1000 * seconds, "ms") : "–";
const rows: [string, (need: typeof needs[number]) => string][] = [
  ["calls per second", ({ callsPerSecond }) => callsPerSecond.toFixed(0)],
  ["SuperLink processes", ({ processes, limit }) => `${processes} (${limit})`],
  ["cores for them", ({ superLinkCores }) => superLinkCores.toFixed(1)],
  ["their memory", ({ memory }) => `${(memory / 1e9).toFixed(1)} GB`],
  ["connections to the database", ({ databaseConnections }) => String(databaseConnections)],
  ["cores for the database", ({ databaseCores }) => databaseCores.toFixed(1)],
  ["its lock, used by heartbeats", ({ lockUsed }) => `${(100 * lockUsed).toFixed(0)} %`],
  ["a heartbeat's transaction, median", ({ median }) => ms(median)],
  ["99 % within", ({ slow }) => ms(slow)],
  ["log of the database", ({ log }) => `${(log / 1e6).toFixed(1)} MB/s`],
  ["its tables", ({ database }) => `${(database / 1e9).toFixed(2)} GB`],
  ["network", ({ network }) => `${(network * 8 / 1e6).toFixed(0)} Mbit/s`],
];
const head = ["", ...needs.map(({ nodes }) => `${nodes.toLocaleString("en")} nodes`)];
console.log(formatTable(head, rows.map(([name, of]) => [name, ...needs.map(of)])).join("\n"));
console.log(`\nMost nodes of one database: ${Math.round(mostNodes(costs)).toLocaleString("en")}`);
