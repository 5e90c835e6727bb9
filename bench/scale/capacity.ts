import type { Costs } from "./costs.ts";
import { poissonArrivals, quantile, seeded, serveTogether } from "./queue/simulate.ts";

/** Connections of one process (rpc/http/connections.ts), and those of one node: pulls and other calls. */
const CONNECTIONS = 16_384;
const CONNECTIONS_PER_NODE = 2;
/** Share of a process's main thread, and of a core, that is to be used at most. */
const MOST_USED = 0.6;
/** Connections of one process to the database: link/store/postgres. */
const DATABASE_CONNECTIONS = 8;
/** Heartbeats that share a transaction at most: link/transactions/together.ts. */
const LARGEST_BATCH = 1_000;
/** Seconds for which a signature is recorded, with the time until it is removed: auth/shared_replay_guard.ts. */
const SIGNATURE_SECONDS = 310 + 60 + 60;
/** Arrivals that are simulated. */
const ARRIVALS = 100_000;
const SEED = 1;

/** What a fleet needs. */
export interface Needs {
  readonly nodes: number;
  readonly callsPerSecond: number;
  /** SuperLink processes, and what requires their number. */
  readonly processes: number;
  readonly limit: "connections" | "main thread";
  readonly superLinkCores: number;
  readonly memory: number;
  readonly databaseConnections: number;
  readonly databaseCores: number;
  /** Share of the time in which heartbeats hold the lock of the database. From 1 on, they do not fit. */
  readonly lockUsed: number;
  /** Bytes per second. */
  readonly log: number;
  readonly network: number;
  /** Bytes of the tables. */
  readonly database: number;
  /** Seconds that a heartbeat's transaction takes with its wait: half, and 99 of a hundred. Infinity if they do not fit. */
  readonly median: number;
  readonly slow: number;
}

/**
 * Computes what a fleet without work needs.
 *
 * @param roundTrip seconds of the network between SuperLink and database, of which a transaction needs two
 */
export function needsOf(nodes: number, costs: Costs, roundTrip = 0): Needs {
  const heartbeats = nodes / costs.heartbeatEvery;
  const callsPerSecond = heartbeats + nodes / costs.pullEvery;
  const byConnections = nodes * CONNECTIONS_PER_NODE / CONNECTIONS;
  const byMainThread = callsPerSecond * costs.mainThreadPerCall / MOST_USED;
  const processes = Math.ceil(Math.max(byConnections, byMainThread, 1));
  const time = { each: costs.transaction + 2 * roundTrip, perItem: costs.perHeartbeat };
  const lockUsed = heartbeats * costs.perHeartbeat;
  let [median, slow] = [Infinity, Infinity];
  if (lockUsed < 1) {
    const arrivals = poissonArrivals(heartbeats, ARRIVALS, seeded(SEED));
    const ends = serveTogether(arrivals, processes, { ...time, most: LARGEST_BATCH });
    // The beginning, when nobody waits yet, does not count.
    const times = ends.map((end, place) => end - arrivals[place]!).slice(ARRIVALS / 10);
    [median, slow] = [quantile(times, 0.5), quantile(times, 0.99)];
  }
  return {
    nodes,
    callsPerSecond,
    processes,
    limit: byConnections >= byMainThread ? "connections" : "main thread",
    superLinkCores: callsPerSecond * costs.superLinkPerCall / MOST_USED,
    memory: nodes * costs.memoryPerNode + processes * costs.memoryPerProcess,
    databaseConnections: processes * DATABASE_CONNECTIONS,
    databaseCores: callsPerSecond * costs.databasePerCall,
    lockUsed,
    log: callsPerSecond * costs.logPerCall,
    network: callsPerSecond * costs.networkPerCall,
    database: nodes * costs.nodeRow + callsPerSecond * SIGNATURE_SECONDS * costs.signatureRow,
    median,
    slow,
  };
}

/** The number of nodes whose heartbeats take all the time of the database's lock. */
export function mostNodes({ heartbeatEvery, perHeartbeat }: Costs): number {
  return heartbeatEvery / perHeartbeat;
}
