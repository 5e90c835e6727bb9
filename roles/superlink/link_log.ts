import { NodeLabels } from "../../base/node_labels.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { LinkNode } from "../../entities/node.ts";
import { logLinkEvent } from "./log_events.ts";

/** Options of {@link LinkLog}. */
export interface LinkLogOptions {
  /** Whether every node name is followed by its id. Default: only if two nodes share the name. */
  readonly withIds?: boolean;
}

/** Log of the SuperLink's events, with the names of nodes. */
export class LinkLog {
  readonly #labels: NodeLabels;

  constructor(options: LinkLogOptions = {}) {
    this.#labels = new NodeLabels(options);
  }

  /** Adds nodes that joined before this process started. */
  addNodes(nodes: readonly LinkNode[]): void {
    for (const { nodeId, name } of nodes) this.#labels.set(nodeId, name);
  }

  /** Logs an event. */
  onEvent(event: LinkEvent): void {
    if (event.kind === "node-joined" || event.kind === "node-registered") {
      this.#labels.set(event.nodeId, event.name);
    }
    logLinkEvent(event, this.#labels);
    // Forgets the name, because such a node may never come back.
    if (event.kind === "node-forgotten" || event.kind === "node-left" && event.forgotten) {
      this.#labels.set(event.nodeId, undefined);
    }
  }
}
