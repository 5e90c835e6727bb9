import type { Clock } from "../../../base/clock.ts";
import type { NodeLabels } from "../../../base/node_labels.ts";
import type { LinkNode } from "../../../entities/node.ts";
import type { Link } from "../../../link/link.ts";
import { shownText } from "../../dashboard/shown_text.ts";
import { labelsOf } from "./node_rows.ts";

/** Seconds for which a list of nodes is used: reading a thousand takes milliseconds of the thread that serves all. */
const FRESH_SECONDS = 1;

/** The nodes of a SuperLink and their labels, read at most once per second. */
export class NodeDirectory {
  readonly #nodes: Pick<Link["nodes"], "list">;
  readonly #clock: Clock;
  #readAt = -Infinity;
  #reading: Promise<{ nodes: readonly LinkNode[]; labels: NodeLabels }> | undefined;

  constructor(nodes: Pick<Link["nodes"], "list">, clock: Clock) {
    this.#nodes = nodes;
    this.#clock = clock;
  }

  /** All nodes. */
  async list(): Promise<readonly LinkNode[]> {
    return (await this.#read()).nodes;
  }

  /** A function that returns a node's label. Nodes that are unknown, such as simulated ones, have their id. */
  async labels(): Promise<(nodeId: bigint) => string> {
    const { labels } = await this.#read();
    return (nodeId) => shownText(labels.of(nodeId));
  }

  #read(): Promise<{ nodes: readonly LinkNode[]; labels: NodeLabels }> {
    const now = this.#clock.now();
    if (this.#reading === undefined || now - this.#readAt >= FRESH_SECONDS) {
      this.#readAt = now;
      this.#reading = this.#nodes.list().then((nodes) => ({ nodes, labels: labelsOf(nodes) }));
      this.#reading.catch(() => this.#reading = undefined);
    }
    return this.#reading;
  }
}
