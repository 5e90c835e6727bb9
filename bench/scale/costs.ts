/** What nodes without work cost. Times are seconds. */
export interface Costs {
  /** Seconds between two heartbeats of a node, and between two pulls, which are held. */
  readonly heartbeatEvery: number;
  readonly pullEvery: number;
  /** Processor time of a call: of the SuperLink, of that in its main thread, and of the database. */
  readonly superLinkPerCall: number;
  readonly mainThreadPerCall: number;
  readonly databasePerCall: number;
  /** Time of a transaction that heartbeats share: for itself, and for each heartbeat. */
  readonly transaction: number;
  readonly perHeartbeat: number;
  /** Bytes of memory of the SuperLinks for a node, and of a process without nodes. */
  readonly memoryPerNode: number;
  readonly memoryPerProcess: number;
  /** Bytes of a call: in the log of the database, and on the network both ways without TLS. */
  readonly logPerCall: number;
  readonly networkPerCall: number;
  /** Bytes of a row with its index entries. */
  readonly nodeRow: number;
  readonly signatureRow: number;
}

/**
 * Measured on 2 cores of an AMD EPYC, PostgreSQL 15 beside the SuperLinks, while other work ran:
 *
 *     deno task bench scale --only shared --minutes 1 --fleets 10000    # calls, memory, log, network
 *     deno run -A bench/store/batches.ts --turns 25                     # best times of transactions, and rows
 *
 * Everything but the verification of a signature, 0.09 ms with P-256 and OpenSSL, is in the main thread.
 */
export const MEASURED: Costs = {
  heartbeatEvery: 20,
  pullEvery: 20,
  superLinkPerCall: 0.73e-3,
  mainThreadPerCall: 0.64e-3,
  databasePerCall: 0.27e-3,
  transaction: 0.7e-3,
  perHeartbeat: 0.073e-3,
  memoryPerNode: 87e3,
  memoryPerProcess: 130e6,
  logPerCall: 804,
  networkPerCall: 672,
  nodeRow: 828,
  signatureRow: 309,
};
