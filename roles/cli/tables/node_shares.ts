import type { NodeLabels } from "../../../base/node_labels.ts";
import type { JournalShare } from "../../../entities/journal.ts";
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
  const share = ({ asked, contributed }: JournalShare) => ({ asked, contributed });
  return shares.map(({ nodeId, asked, contributed, train, evaluate, lastError }) => ({
    "node-id": String(nodeId),
    node: labels.nameOf(nodeId) ?? null,
    "rounds-asked": asked,
    "rounds-contributed": contributed,
    train: share(train),
    evaluate: share(evaluate),
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
  // A round counts as a contribution even if only its evaluation was one, so the phases tell more.
  const lacks = ({ train, evaluate }: NodeShare) =>
    train.asked - train.contributed + evaluate.asked - evaluate.contributed;
  const sorted = shares.toSorted((a, b) => lacks(b) - lacks(a)).slice(0, MAX_SHOWN);
  const columns: TableColumn<NodeShare>[] = [
    { title: "NODE", cell: ({ nodeId }) => labels.of(nodeId) },
    phaseColumn("TRAINED", ({ train }) => train, warning),
    phaseColumn("EVALUATED", ({ evaluate }) => evaluate, warning),
    { title: "LAST ERROR", cell: lastErrorText, dropOrder: 1 },
  ];
  const more = shares.length - sorted.length;
  return [
    "",
    ...tableLines(columns, sorted, screen),
    ...more > 0 ? [`and ${counted(more, "other node")}`] : [],
  ];
}

/** A column with the rounds in which each node contributed to a phase, of those in which it was asked. */
function phaseColumn(
  title: string,
  shareOf: (share: NodeShare) => JournalShare,
  warning: (text: string) => string,
): TableColumn<NodeShare> {
  return {
    title,
    cell: (node) => {
      const { asked, contributed } = shareOf(node);
      return asked === 0 ? "" : `${contributed} of ${counted(asked, "round")}`;
    },
    style: (node) => {
      const { asked, contributed } = shareOf(node);
      return asked > 0 && contributed === 0 ? warning : (text) => text;
    },
  };
}

function lastErrorText({ lastError }: NodeShare): string {
  if (lastError === undefined) return "";
  const { round, reason } = lastError;
  return `round ${round}: ${reason.slice(0, MAX_ERROR)}`;
}
