import type { NodeSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";
import { statusStyle } from "../../output/colours.ts";
import type { Screen } from "../../output/screen.ts";
import type { TableColumn } from "../../output/table.ts";
import { durationText, secondsNumber, timeText } from "../../output/units.ts";

/** A node in `flwr supernode list --format json`: Flower's fields, and the node's name and location. */
export function nodeJson(node: NodeSummary, now: number): Record<string, unknown> {
  return {
    "node-id": String(node.nodeId),
    "owner-name": node.owner,
    status: node.status,
    "created-at": timeText(node.registeredAt),
    "online-at": timeText(node.activatedAt),
    "online-elapsed": secondsSinceActivation(node, now),
    "offline-at": timeText(node.deactivatedAt),
    "deleted-at": timeText(node.unregisteredAt),
    name: node.name ?? null,
    location: node.location ?? null,
  };
}

/**
 * The columns of a table of nodes.
 *
 * @param now the SuperLink's time: Unix seconds
 */
export function nodeColumns({ colours }: Screen, now: number): TableColumn<NodeSummary>[] {
  return [
    { title: "NODE ID", cell: ({ nodeId }) => String(nodeId) },
    { title: "NAME", cell: ({ name }) => name ?? "", dropOrder: 4 },
    { title: "OWNER", cell: ({ owner }) => owner, dropOrder: 1 },
    {
      title: "STATUS",
      cell: ({ status }) => status,
      style: ({ status }) => statusStyle(status, colours),
    },
    {
      title: "ONLINE FOR",
      cell: (node) =>
        node.status === "online" ? durationText(secondsSinceActivation(node, now)) : "",
      dropOrder: 2,
    },
    { title: "STATUS CHANGED", cell: (node) => timeText(changedAt(node)), dropOrder: 3 },
  ];
}

function secondsSinceActivation({ activatedAt }: NodeSummary, now: number): number {
  return activatedAt === undefined ? 0 : secondsNumber(now - activatedAt);
}

function changedAt(node: NodeSummary): number | undefined {
  switch (node.status) {
    case "online":
      return node.activatedAt;
    case "offline":
      return node.deactivatedAt;
    case "unregistered":
      return node.unregisteredAt;
    default:
      return node.registeredAt;
  }
}
