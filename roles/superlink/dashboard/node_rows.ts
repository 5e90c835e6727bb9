import { NodeLabels } from "../../../base/node_labels.ts";
import type { LinkNode } from "../../../entities/node.ts";
import type { NodeRow } from "../../dashboard/model/node.ts";
import { shownText } from "../../dashboard/shown_text.ts";

/** Labels of nodes. */
export function labelsOf(nodes: readonly LinkNode[]): NodeLabels {
  const labels = new NodeLabels();
  for (const { nodeId, name } of nodes) labels.set(nodeId, name);
  return labels;
}

/** A node as the page's list shows it, without what it did. */
export function nodeRow(node: LinkNode, label: string): NodeRow {
  const since = sinceOf(node);
  return {
    id: String(node.nodeId),
    label: shownText(label),
    state: node.state,
    ...(since !== undefined && { since }),
    onlineUntil: node.onlineUntil,
    wire: node.wire ?? "",
    location: shownText(node.location ?? ""),
    hasKey: node.publicKey !== undefined,
    answered: 0,
    failed: 0,
  };
}

function sinceOf(node: LinkNode): number | undefined {
  switch (node.state) {
    case "online":
      return node.activatedAt;
    case "offline":
    case "left":
      return node.deactivatedAt ?? node.onlineUntil;
    case "unregistered":
      return node.unregisteredAt;
    case "registered":
      return node.registeredAt;
  }
}
