import type { LinkNode } from "../../../entities/node.ts";
import type { LinkEvent } from "../../../link/events.ts";
import type { Link } from "../../../link/link.ts";
import type { LinkStore } from "../../../link/store/store.ts";
import type { CallEnd } from "../../../rpc/call_end.ts";
import type { RpcServer, ServerCertificate } from "../../../rpc/server.ts";
import { Counter } from "../../../telemetry/counter.ts";
import { Gauge, single } from "../../../telemetry/gauge.ts";
import type { Metric } from "../../../telemetry/metric.ts";
import { startMetricsServer } from "../../../telemetry/metrics_server.ts";
import { measureProcess } from "../../../telemetry/process_metrics.ts";
import { Scrapes } from "../../../telemetry/scrapes.ts";
import { CallMetrics } from "./call_metrics.ts";
import { EventMetrics } from "./event_metrics.ts";
import { measuredStore } from "./measured_store.ts";
import { NamedNodeMetrics } from "./named_node_metrics.ts";
import { StoreMetrics } from "./store_metrics.ts";

/** Options of {@link SuperLinkMetrics}. */
export interface SuperLinkMetricsOptions {
  readonly store: LinkStore;
  /** Whether nodes have series by their names. */
  readonly namesNodes: boolean;
}

/** How to serve the metrics. */
export interface ServeMetricsOptions {
  readonly address: string;
  readonly token?: string | undefined;
  readonly tls?: ServerCertificate | undefined;
  readonly hostNames: readonly string[];
}

/** All metrics of a SuperLink. */
export class SuperLinkMetrics implements Disposable {
  /** The store, measured. */
  readonly store: LinkStore;
  /** Counts a call. */
  readonly onCallEnd: (end: Omit<CallEnd, "call">) => void;
  readonly #calls = new CallMetrics();
  readonly #events = new EventMetrics();
  readonly #stored: StoreMetrics;
  readonly #nodes: NamedNodeMetrics | undefined;
  readonly #process = measureProcess();
  readonly #bytes = new Counter({
    name: "flwr_object_bytes",
    help: "Bytes of objects that nodes and ServerApps sent (in) and received (out)",
    labels: ["direction"],
  }).declare("in").declare("out");
  #link: Link | undefined;
  #certificateEnd: number | undefined;

  constructor({ store, namesNodes }: SuperLinkMetricsOptions) {
    const nodes = namesNodes ? new NamedNodeMetrics(() => this.#listNodes()) : undefined;
    this.#nodes = nodes;
    this.#stored = new StoreMetrics({
      gauges: async () => {
        const [gauges] = await Promise.all([store.gauges(), nodes?.prepare()]);
        return gauges;
      },
    });
    this.store = measuredStore(store, this.#stored);
    this.onCallEnd = (end) => this.#calls.onCallEnd(end);
  }

  /** All metric families. */
  get metrics(): readonly Metric[] {
    return [
      ...this.#process.metrics,
      ...this.#stored.metrics,
      ...this.#events.metrics,
      ...this.#calls.metrics,
      ...this.#nodes?.metrics ?? [],
      this.#bytes,
      new Gauge(
        { name: "flwr_held_calls", help: "Calls that are held, by topic", labels: ["topic"] },
        () =>
          Object.entries(this.#link?.heldCalls() ?? {}).map(([topic, value]) => ({
            labels: [topic],
            value,
          })),
      ),
      new Gauge({
        name: "flwr_certificate_expiry_timestamp_seconds",
        help: "Unix time at which the certificate in use ends; none without TLS",
      }, () => single(this.#certificateEnd)),
    ];
  }

  /** Counts an event of the domain. */
  onEvent(event: LinkEvent): void {
    this.#events.onEvent(event);
    this.#nodes?.onEvent(event);
  }

  /** Counts bytes of objects. */
  onTraffic(sent: number, received: number): void {
    if (sent > 0) this.#bytes.add(["out"], sent);
    if (received > 0) this.#bytes.add(["in"], received);
  }

  /** Reads what the domain knows from now on. */
  follow(link: Link): void {
    this.#link = link;
  }

  /** Says until when the certificate in use is valid. */
  certificateEnds(validTo: Date): void {
    this.#certificateEnd = validTo.getTime() / 1000;
  }

  /** Answers scrapes from now on. @throws FlwrError as `startHttpServer` */
  async serve(options: ServeMetricsOptions): Promise<RpcServer> {
    const scrapes = new Scrapes({
      metrics: this.metrics,
      prepare: () => this.#stored.prepare(),
    });
    return await startMetricsServer({ ...options, scrapes, hostFlag: "--allowed-host" });
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }

  async #listNodes(): Promise<readonly LinkNode[]> {
    return await this.#link?.nodes.list() ?? [];
  }
}
