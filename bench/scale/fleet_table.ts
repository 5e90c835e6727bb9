import { formatTable } from "../support/table.ts";
import { formatValue } from "../support/unit.ts";
import type { FleetFacts } from "./fleets.ts";

const BYTES_PER_MEGABYTE = 1e6;
const BYTES_PER_KILOBYTE = 1e3;

/** The share of heartbeats in time that is to be reached. */
export const IN_TIME_GOAL = 0.999;

/** What is told of a fleet beside what was counted. */
export interface FleetRates {
  /** Share of heartbeats that were answered in time. */
  readonly inTime: number;
  /** The slowest answer of a hundred, in seconds after it was due. */
  readonly slow: number;
  readonly callsPerSecond: number;
  /** Of the SuperLink: share of one core, and milliseconds of processor time that a node takes in a second. */
  readonly cores: number;
  readonly cpuPerNode: number;
  /** Bytes of the SuperLink for each node. */
  readonly bytesPerNode: number;
}

/** Works out the rates of a fleet. */
export function ratesOf(facts: FleetFacts): FleetRates {
  const { nodes, seconds, calls, due, inTime, cpuSeconds, resident, before } = facts;
  const sorted = facts.heartbeatSeconds.toSorted((a, b) => a - b);
  const cores = cpuSeconds / seconds;
  return {
    inTime: inTime / due,
    slow: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
    callsPerSecond: calls / seconds,
    cores,
    cpuPerNode: cores / nodes * 1000,
    bytesPerNode: (resident - before) / nodes,
  };
}

/** Fleets as a table, a row for each. */
export function fleetTable(fleets: readonly FleetFacts[]): string[] {
  const head = [
    "SuperLink, nodes",
    "heartbeats",
    "in time",
    "99 % within",
    "failed calls",
    "calls/s",
    "of a core",
    "CPU ms/s per node",
    "memory",
    "kB per node",
  ];
  return formatTable(
    head,
    fleets.map((facts) => {
      const rates = ratesOf(facts);
      return [
        `${facts.side === "flwr" ? "flwr" : "Python"}, ${facts.nodes}`,
        String(facts.due),
        `${(100 * rates.inTime).toFixed(2)} %`,
        Number.isNaN(rates.slow) ? "" : formatValue(rates.slow, "s"),
        String(facts.failures),
        formatValue(rates.callsPerSecond, "calls/s"),
        rates.cores.toFixed(2),
        rates.cpuPerNode.toFixed(3),
        formatValue(facts.resident / BYTES_PER_MEGABYTE, "MB"),
        (rates.bytesPerNode / BYTES_PER_KILOBYTE).toFixed(0),
      ];
    }),
  );
}

/** Fleets as JSON, a line for each. */
export function fleetLines(fleets: readonly FleetFacts[]): string[] {
  return fleets.map((facts) => {
    const { heartbeatSeconds: _, inTime: inTimeCount, ...counted } = facts;
    const line = { bench: "scale", ...counted, inTimeCount, ...ratesOf(facts), goal: IN_TIME_GOAL };
    return JSON.stringify(line);
  });
}
