import { type Clock, systemClock } from "../../base/clock.ts";
import { messageKind } from "../../entities/message_kind.ts";
import type { RpcServer, ServerCertificate } from "../../rpc/server.ts";
import { Counter } from "../../telemetry/counter.ts";
import { Gauge, single } from "../../telemetry/gauge.ts";
import { Histogram } from "../../telemetry/histogram.ts";
import type { Metric } from "../../telemetry/metric.ts";
import { startMetricsServer } from "../../telemetry/metrics_server.ts";
import { measureProcess } from "../../telemetry/process_metrics.ts";
import { Scrapes } from "../../telemetry/scrapes.ts";
import type { NodeEvent } from "./node_event.ts";

/** Bounds in seconds of the work on one instruction, up to a day. */
const WORK_SECONDS = [0.1, 0.3, 1, 3, 10, 60, 300, 1800, 7200, 86_400];

/** How to serve the metrics. */
export interface ServeMetricsOptions {
  readonly address: string;
  readonly token?: string | undefined;
  readonly tls?: ServerCertificate | undefined;
}

/** All metrics of a SuperNode. */
export class NodeMetrics implements Disposable {
  readonly #clock: Clock;
  readonly #process = measureProcess();
  #isJoined = false;
  #isBusy = false;
  #heardAt: number | undefined;

  readonly #joins = new Counter({
    name: "flwr_supernode_joins",
    help: "How often this node has joined its SuperLink",
  });
  readonly #heartbeats = new Counter({
    name: "flwr_supernode_heartbeats",
    help: "Heartbeats by outcome",
    labels: ["outcome"],
  }).declare("sent").declare("failed");
  readonly #pullFailures = new Counter({
    name: "flwr_supernode_pull_failures",
    help: "Failed attempts to fetch an instruction",
  });
  readonly #instructions = new Counter({
    name: "flwr_supernode_instructions",
    help: "Instructions by event and type; failed ones were answered with an error",
    labels: ["event", "message_type"],
  });
  readonly #replies = new Counter({
    name: "flwr_supernode_replies",
    help: "Replies by outcome; not needed ones are of runs that have ended",
    labels: ["outcome"],
  }).declare("sent").declare("failed");
  readonly #seconds = new Histogram(
    {
      name: "flwr_supernode_app_duration_seconds",
      help: "Time that the ClientApp worked on an instruction",
      labels: ["message_type"],
    },
    WORK_SECONDS,
    4,
  );

  /** All metric families. */
  readonly metrics: readonly Metric[] = [
    ...this.#process.metrics,
    this.#joins,
    this.#heartbeats,
    this.#pullFailures,
    this.#instructions,
    this.#replies,
    this.#seconds,
    new Gauge({
      name: "flwr_supernode_joined",
      help: "Whether this node has joined and not left",
    }, () => single(this.#isJoined ? 1 : 0)),
    new Gauge({
      name: "flwr_supernode_busy",
      help: "Whether this node works on an instruction",
    }, () => single(this.#isBusy ? 1 : 0)),
    new Gauge({
      name: "flwr_supernode_last_contact_timestamp_seconds",
      help: "Unix time of the last join or heartbeat that the SuperLink answered",
    }, () => single(this.#heardAt)),
  ];

  /** @param clock default: the machine's */
  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Counts an event. */
  onEvent(event: NodeEvent): void {
    switch (event.kind) {
      case "joined":
        this.#isJoined = true;
        this.#heardAt = this.#clock.now();
        return this.#joins.add();
      case "left":
        this.#isJoined = false;
        return;
      case "heartbeat":
        if (event.isSent) this.#heardAt = this.#clock.now();
        return this.#heartbeats.add([event.isSent ? "sent" : "failed"]);
      case "pull-failed":
        return this.#pullFailures.add();
      case "instruction-received":
        this.#isBusy = true;
        return this.#instructions.add(["received", messageKind(event.messageType)]);
      case "instruction-answered": {
        const kind = messageKind(event.messageType);
        this.#seconds.observe([kind], event.seconds);
        return this.#instructions.add([event.isError ? "failed" : "answered", kind]);
      }
      case "reply":
        this.#isBusy = false;
        return this.#replies.add([event.outcome.replace("-", "_")]);
    }
  }

  /** Answers scrapes from now on. @throws FlwrError as `startHttpServer` */
  async serve(options: ServeMetricsOptions): Promise<RpcServer> {
    const scrapes = new Scrapes({ metrics: this.metrics });
    return await startMetricsServer({ ...options, scrapes });
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }
}
