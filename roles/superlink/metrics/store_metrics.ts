import { type Clock, systemClock } from "../../../base/clock.ts";
import { MESSAGE_KINDS } from "../../../entities/message_kind.ts";
import type { StoreGauges } from "../../../link/store/gauges.ts";
import type { TransactionKind } from "../../../link/transactions/transactions.ts";
import { Counter } from "../../../telemetry/counter.ts";
import { Gauge, single } from "../../../telemetry/gauge.ts";
import { Histogram } from "../../../telemetry/histogram.ts";
import type { Metric } from "../../../telemetry/metric.ts";
import type { TransactionObserver, TransactionOutcome } from "./measured_store.ts";

/** Bounds in seconds of transactions. */
const TRANSACTION_SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/** Seconds after which a store that does not answer is left out of a scrape. Prometheus waits 10 s by default. */
const READ_SECONDS = 5;

const NODE_STATES = ["registered", "online", "offline", "left", "unregistered"] as const;
const RUN_STATES = ["pending", "starting", "running"] as const;

/** Options of {@link StoreMetrics}. */
export interface StoreMetricsOptions {
  readonly gauges: () => Promise<StoreGauges>;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Metrics of the store. Its amounts are read anew before each collection; those that cannot be read are left out. */
export class StoreMetrics implements TransactionObserver {
  readonly #options: StoreMetricsOptions;
  readonly #clock: Clock;
  #gauges: StoreGauges | undefined;
  #waiting = 0;
  #reading: Promise<void> | undefined;

  readonly #seconds = new Histogram(
    {
      name: "flwr_store_transaction_seconds",
      help: "Time of transactions, with the wait for their turn and for the disk",
      labels: ["durability"],
    },
    TRANSACTION_SECONDS,
    3,
  );
  readonly #transactions = new Counter({
    name: "flwr_store_transactions",
    help: "Transactions by kind and outcome; retried ones succeeded at a later attempt",
    labels: ["durability", "outcome"],
  }, 9);
  readonly #readFailures = new Counter({
    name: "flwr_store_read_failures",
    help: "Collections of metrics without the amounts in the store, because it did not answer",
  });

  readonly metrics: readonly Metric[];

  constructor(options: StoreMetricsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.metrics = [
      this.#seconds,
      this.#transactions,
      this.#readFailures,
      new Gauge({
        name: "flwr_store_waiting_transactions",
        help: "Transactions in progress or waiting for their turn",
      }, () => single(this.#waiting)),
      ...this.#amounts(),
    ];
  }

  began(): void {
    this.#waiting++;
  }

  ended(kind: TransactionKind, outcome: TransactionOutcome, seconds: number): void {
    this.#waiting--;
    this.#seconds.observe([kind], seconds);
    this.#transactions.add([kind, outcome]);
  }

  /** Reads the amounts in the store. Never rejects. */
  async prepare(): Promise<void> {
    // A read that lasts longer than a collection is not started twice.
    this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    const patience = new AbortController();
    const late = this.#clock.sleep(READ_SECONDS, patience.signal).then(() => "late" as const);
    if (await Promise.race([this.#reading, late]) === "late") this.#unread();
    patience.abort();
  }

  async #read(): Promise<void> {
    try {
      this.#gauges = await this.#options.gauges();
    } catch {
      // The failure of the store itself is reported elsewhere.
      this.#unread();
    }
  }

  #unread(): void {
    this.#gauges = undefined;
    this.#readFailures.add();
  }

  #amounts(): Metric[] {
    const age = (since: number | undefined) =>
      this.#gauges && [{
        value: since === undefined ? 0 : Math.max(0, this.#clock.now() - since),
      }];
    return [
      new Gauge(
        { name: "flwr_nodes", help: "Nodes by state", labels: ["state"] },
        () => byState(NODE_STATES, this.#gauges?.nodes),
      ),
      new Gauge(
        { name: "flwr_runs", help: "Unfinished runs by state", labels: ["state"] },
        () => byState(RUN_STATES, this.#gauges?.runs),
      ),
      new Gauge({
        name: "flwr_instructions",
        help: "Unanswered instructions by state and type",
        labels: ["state", "message_type"],
      }, () => instructionValues(this.#gauges)),
      new Gauge({
        name: "flwr_oldest_waiting_instruction_seconds",
        help: "Age of the oldest instruction that its node has not pulled, or 0",
      }, () => age(this.#gauges?.oldestWaiting) ?? []),
      new Gauge({
        name: "flwr_oldest_pending_run_seconds",
        help: "Time for which the oldest pending run has waited, or 0",
      }, () => age(this.#gauges?.oldestPending) ?? []),
      new Gauge(
        { name: "flwr_objects", help: "Stored objects" },
        () => single(this.#gauges?.objects),
      ),
      new Gauge({
        name: "flwr_database_bytes",
        help: "Size of the database; none for one in memory",
      }, () => single(this.#gauges?.bytes)),
      new Gauge({
        name: "flwr_database_free_bytes",
        help: "Free space of the disk with the SQLite file; none for another database",
      }, () => single(this.#gauges?.freeBytes)),
    ];
  }
}

function byState<S extends string>(
  states: readonly S[],
  counts: Readonly<Partial<Record<S, number>>> | undefined,
) {
  if (counts === undefined) return [];
  return states.map((state) => ({ labels: [state], value: counts[state] ?? 0 }));
}

function instructionValues(gauges: StoreGauges | undefined) {
  if (gauges === undefined) return [];
  const counts = new Map(
    gauges.instructions.map(({ state, kind, count }) => [`${state} ${kind}`, count]),
  );
  return (["waiting", "handed-out"] as const).flatMap((state) =>
    MESSAGE_KINDS.map((kind) => ({
      labels: [state.replace("-", "_"), kind],
      value: counts.get(`${state} ${kind}`) ?? 0,
    }))
  );
}
