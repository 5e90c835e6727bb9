import type { NodeLabels } from "../../../base/node_labels.ts";
import { counted } from "../../../base/readable.ts";
import type { NodeShare } from "../../../entities/run_shares.ts";
import type { Screen } from "../../output/screen.ts";
import { type TableColumn, tableLines } from "../../output/table.ts";

/** Most nodes in a table: those that contributed least come first. */
const MAX_SHOWN = 20;
/** Longest error in a table, in characters. */
const MAX_ERROR = 100;

/** What each node contributed, as JSON. */
export function sharesJson(shares: readonly NodeShare[], labels: NodeLabels) {
  return shares.map(({ nodeId, asked, contributed, lastError }) => ({
    "node-id": String(nodeId),
    node: labels.nameOf(nodeId) ?? null,
    "rounds-asked": asked,
    "rounds-contributed": contributed,
    "last-error": lastError ?? null,
  }));
}

/** What each node contributed, as lines: an empty one and a table, or none without nodes. */
export function shareLines(
  shares: readonly NodeShare[],
  labels: NodeLabels,
  screen: Screen,
): string[] {
  if (shares.length === 0) return [];
  const { warning } = screen.colours;
  const lacks = ({ asked, contributed }: NodeShare) => asked - contributed;
  const sorted = shares.toSorted((a, b) => lacks(b) - lacks(a)).slice(0, MAX_SHOWN);
  const columns: TableColumn<NodeShare>[] = [
    { title: "NODE", cell: ({ nodeId }) => labels.of(nodeId) },
    {
      title: "CONTRIBUTED TO",
      cell: ({ asked, contributed }) => `${contributed} of ${counted(asked, "round")}`,
      style: ({ contributed }) => contributed === 0 ? warning : (text) => text,
    },
    { title: "LAST ERROR", cell: lastErrorText, dropOrder: 1 },
  ];
  const more = shares.length - sorted.length;
  return [
    "",
    ...tableLines(columns, sorted, screen),
    ...more > 0 ? [`and ${counted(more, "other node")}`] : [],
  ];
}

function lastErrorText({ lastError }: NodeShare): string {
  if (lastError === undefined) return "";
  const { round, reason } = lastError;
  return `round ${round}: ${reason.slice(0, MAX_ERROR)}`;
}
