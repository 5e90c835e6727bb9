import { formatTable } from "../support/table.ts";
import { formatValue } from "../support/unit.ts";
import { IN_TIME_GOAL } from "./fleet_table.ts";
import type { SharedFleetFacts } from "./shared_fleets.ts";

const SECONDS_PER_HOUR = 3600;

/** Rates of a fleet on several SuperLinks. */
export interface SharedFleetRates {
  /** Share of heartbeats that were answered in time. */
  readonly inTime: number;
  /** Seconds after it was due within which a half, and 99 of a hundred heartbeats, were answered. */
  readonly median: number;
  readonly slow: number;
  readonly callsPerSecond: number;
  /** Processor time in cores: of the SuperLinks, of the database, and of the program that simulates the nodes. */
  readonly cores: number;
  readonly databaseCores: number;
  readonly loadCores: number;
  /** Processor time of one node in an hour, in seconds: of SuperLinks and database. */
  readonly cpuPerNodeHour: number;
  readonly statementsPerCall: number;
  readonly logBytesPerCall: number;
  readonly networkBytesPerCall: number;
  /** Memory of the SuperLinks for each node, in bytes. */
  readonly bytesPerNode: number;
}

/** Works out the rates of a fleet. */
export function sharedRatesOf(facts: SharedFleetFacts): SharedFleetRates {
  const { nodes, seconds, calls, due, inTime } = facts;
  const sorted = facts.heartbeatSeconds.toSorted((a, b) => a - b);
  const quantile = (part: number) => sorted[Math.floor(sorted.length * part)] ?? NaN;
  const cores = facts.cpuSeconds / seconds;
  const databaseCores = facts.databaseCpuSeconds / seconds;
  return {
    inTime: inTime / due,
    median: quantile(0.5),
    slow: quantile(0.99),
    callsPerSecond: calls / seconds,
    cores,
    databaseCores,
    loadCores: facts.loadCpuSeconds / seconds,
    cpuPerNodeHour: (cores + databaseCores) * SECONDS_PER_HOUR / nodes,
    statementsPerCall: facts.statements / calls,
    logBytesPerCall: facts.logBytes / calls,
    networkBytesPerCall: facts.networkBytes / calls,
    bytesPerNode: (facts.resident - facts.before) / nodes,
  };
}

/** Fleets as a table, a row for each. */
export function sharedFleetTable(fleets: readonly SharedFleetFacts[]): string[] {
  const head = [
    "nodes",
    "in time",
    "median",
    "99 % within",
    "failed calls",
    "calls/s",
    "SuperLinks, cores",
    "database, cores",
    "simulation, cores",
    "CPU s per node and hour",
    "statements per call",
    "WAL bytes per call",
    "network bytes per call",
    "kB per node",
    "database",
  ];
  return formatTable(
    head,
    fleets.map((facts) => {
      const rates = sharedRatesOf(facts);
      return [
        String(facts.nodes),
        `${(100 * rates.inTime).toFixed(2)} %`,
        formatValue(1000 * rates.median, "ms"),
        formatValue(1000 * rates.slow, "ms"),
        String(facts.failures),
        formatValue(rates.callsPerSecond, "calls/s"),
        rates.cores.toFixed(2),
        rates.databaseCores.toFixed(2),
        rates.loadCores.toFixed(2),
        rates.cpuPerNodeHour.toFixed(3),
        rates.statementsPerCall.toFixed(2),
        rates.logBytesPerCall.toFixed(0),
        rates.networkBytesPerCall.toFixed(0),
        (rates.bytesPerNode / 1e3).toFixed(1),
        formatValue(facts.databaseBytes / 1e6, "MB"),
      ];
    }),
  );
}

/** Fleets as JSON, a line for each. */
export function sharedFleetLines(fleets: readonly SharedFleetFacts[]): string[] {
  return fleets.map((facts) => {
    const { heartbeatSeconds: _, inTime: inTimeCount, ...counted } = facts;
    const rates = sharedRatesOf(facts);
    return JSON.stringify({
      bench: "scale",
      ...counted,
      inTimeCount,
      ...rates,
      goal: IN_TIME_GOAL,
    });
  });
}
