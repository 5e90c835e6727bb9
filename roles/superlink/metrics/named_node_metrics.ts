import type { LinkNode } from "../../../entities/node.ts";
import { NodeLabels } from "../../../base/node_labels.ts";
import type { LinkEvent } from "../../../link/events.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { Gauge, type GaugeValue } from "../../../telemetry/gauge.ts";
import type { Metric, MetricInfo, Sample } from "../../../telemetry/metric.ts";

/** Label of the nodes without series of their own. No node's label looks like this, because names are quoted then. */
const OTHERS = "(others)";

/** Nodes with series of their own, at most. Those that exist first have them; the rest share one. */
export const MAX_NAMED_NODES = 24;

interface NodeCounts {
  answered: number;
  failed: number;
  /** Seconds that the answers took together. */
  seconds: number;
}

/** Metrics of each node by its name, of a bounded number of nodes. */
export class NamedNodeMetrics {
  readonly #list: () => Promise<readonly LinkNode[]>;
  readonly #clock: Clock;
  readonly #counts = new Map<bigint, NodeCounts>();
  readonly #rest: NodeCounts = { answered: 0, failed: 0, seconds: 0 };
  #nodes: readonly { readonly nodeId: bigint; readonly label: string; readonly online: boolean }[] =
    [];

  readonly metrics: readonly Metric[] = [
    new Gauge({
      name: "flwr_node_online",
      help: "Whether the node is online, by its name",
      labels: ["node"],
    }, () => this.#online()),
    new NodeCounter({
      name: "flwr_node_answers",
      help: "Instructions that the node answered, by its name",
      labels: ["node"],
    }, () => this.#values(({ answered }) => answered)),
    new NodeCounter({
      name: "flwr_node_failures",
      help: "Instructions to which there is no answer of the node but an error, by its name",
      labels: ["node"],
    }, () => this.#values(({ failed }) => failed)),
    new NodeCounter({
      name: "flwr_node_answer_seconds",
      help: "Time from handing out the answered instructions to their answers, by the node's name",
      labels: ["node"],
    }, () => this.#values(({ seconds }) => seconds)),
  ];

  /**
   * @param list reads all nodes
   * @param clock default: the machine's
   */
  constructor(list: () => Promise<readonly LinkNode[]>, clock: Clock = systemClock) {
    this.#list = list;
    this.#clock = clock;
  }

  /** Counts an event. */
  onEvent(event: LinkEvent): void {
    switch (event.kind) {
      case "instruction-answered": {
        const since = event.times.handedOutAt;
        const counts = this.#of(event.instruction.nodeId);
        if (event.error !== undefined) {
          counts.failed++;
          return;
        }
        counts.answered++;
        if (since !== undefined) counts.seconds += Math.max(0, this.#clock.now() - since);
        return;
      }
      case "instruction-failed":
        this.#of(event.instruction.nodeId).failed++;
        return;
      case "node-forgotten":
      case "node-unregistered":
        this.#counts.delete(event.nodeId);
    }
  }

  /** Reads the names of the nodes. Never rejects. */
  async prepare(): Promise<void> {
    try {
      const nodes = (await this.#list()).filter(({ state }) => state !== "unregistered");
      const labels = new NodeLabels();
      for (const { nodeId, name } of nodes) labels.set(nodeId, name);
      this.#nodes = nodes.map(({ nodeId, state }) => ({
        nodeId,
        label: labels.of(nodeId),
        online: state === "online",
      }));
    } catch {
      // The metrics of the store say so. The names stay those of the last time.
    }
  }

  #of(nodeId: bigint): NodeCounts {
    const known = this.#counts.get(nodeId);
    if (known !== undefined) return known;
    if (this.#counts.size >= MAX_NAMED_NODES) return this.#rest;
    const counts = { answered: 0, failed: 0, seconds: 0 };
    this.#counts.set(nodeId, counts);
    return counts;
  }

  #online(): GaugeValue[] {
    return this.#nodes.slice(0, MAX_NAMED_NODES).map(({ label, online }) => ({
      labels: [label],
      value: online ? 1 : 0,
    }));
  }

  #values(value: (counts: NodeCounts) => number): GaugeValue[] {
    const labels = new Map(this.#nodes.map(({ nodeId, label }) => [nodeId, label]));
    const named = [...this.#counts].map(([nodeId, counts]) => ({
      labels: [labels.get(nodeId) ?? `${nodeId}`],
      value: value(counts),
    }));
    return [...named, { labels: [OTHERS], value: value(this.#rest) }];
  }
}

/** A counter per node. */
class NodeCounter implements Metric {
  readonly type = "counter";
  readonly #read: () => readonly GaugeValue[];

  constructor(readonly info: MetricInfo, read: () => readonly GaugeValue[]) {
    this.#read = read;
  }

  samples(): Sample[] {
    return this.#read().map(({ labels = [], value }) => ({ suffix: "_total", labels, value }));
  }
}
