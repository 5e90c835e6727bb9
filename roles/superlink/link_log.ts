import { NodeLabels } from "../../base/node_labels.ts";
import type { LinkEvent } from "../../link/events.ts";
import type { LinkNode } from "../../entities/node.ts";
import { logLinkEvent } from "./log_events.ts";

/** How the SuperLink's log calls its nodes. */
export interface LinkLogOptions {
  /** Whether ids stand after names everywhere; default: only where two names are alike. */
  readonly withIds?: boolean;
}

/** The SuperLink's log of what happens, which knows its nodes by their names. */
export class LinkLog {
  readonly #labels: NodeLabels;

  constructor(options: LinkLogOptions = {}) {
    this.#labels = new NodeLabels(options);
  }

  /** Takes note of nodes that joined before this process began. */
  know(nodes: readonly LinkNode[]): void {
    for (const { nodeId, name } of nodes) this.#labels.set(nodeId, name);
  }

  /** Writes what happened. */
  hear(event: LinkEvent): void {
    if (event.kind === "node-joined" || event.kind === "node-registered") {
      this.#labels.set(event.nodeId, event.name);
    }
    logLinkEvent(event, this.#labels);
    // Names of nodes that never come back must not pile up.
    if (event.kind === "node-forgotten" || event.kind === "node-left" && event.forgotten) {
      this.#labels.set(event.nodeId, undefined);
    }
  }
}
