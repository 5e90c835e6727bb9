import type { JournalError, JournalMetrics, JournalRecord } from "../../../entities/journal.ts";
import type { EventRow } from "../../dashboard/model/event.ts";
import { shownText } from "../../dashboard/shown_text.ts";

/** Characters of an event's text. */
const MAX_TEXT_LENGTH = 500;

/** An event as the page shows it. @param labelOf returns a node's label */
export function eventRow(record: JournalRecord, labelOf: (nodeId: bigint) => string): EventRow {
  const { sequence, at, kind, runId, nodeId } = record;
  return {
    sequence,
    at,
    kind,
    ...(runId !== undefined && { runId: String(runId) }),
    ...(nodeId !== undefined && { nodeId: String(nodeId), nodeLabel: labelOf(nodeId) }),
    text: shownText(textOf(record)).slice(0, MAX_TEXT_LENGTH),
    isError: isError(record),
  };
}

function isError({ kind, data }: JournalRecord): boolean {
  if (kind === "run-finished") return data.state === "finished:failed";
  return kind === "run-interrupted" || kind === "instruction-refused" ||
    kind === "node-offline" || ("error" in data && data.error !== undefined);
}

/** What happened, in a few words: the event's kind stands beside it. */
function textOf({ kind, data }: JournalRecord): string {
  switch (kind) {
    case "run-finished":
      return [data.state.replace("finished:", ""), data.details].filter((text) => text !== "")
        .join(": ");
    case "run-interrupted":
      return data.reason;
    case "node-registered":
      return data.name ?? "";
    case "node-joined":
      return data.takeover ? "in place of an earlier session" : "";
    case "node-left":
      return data.forgotten ? "and was removed" : "";
    case "instructions-pushed":
      return `${inRound(data)}: ${data.count} instructions`;
    case "instruction-answered":
    case "instruction-failed":
      return withError(
        `${inRound(data)}${"appSeconds" in data ? `, worked ${seconds(data.appSeconds)}` : ""}`,
        data.error,
      );
    case "instruction-requeued":
      return `${inRound(data)}: ${data.cause}`;
    case "instruction-refused":
      return `${data.code}: ${data.reason}`;
    case "push-expired":
      return `${data.messages} messages`;
    case "artifact-saved":
      return `${data.name}, ${data.size} bytes`;
    case "superlink-ended":
      return `SuperLink ${data.serverId}`;
    default:
      return appText({ kind, data } as JournalRecord);
  }
}

function appText({ kind, data }: JournalRecord): string {
  switch (kind) {
    case "strategy-started":
      return `${data.strategy}, ${data.rounds} rounds`;
    case "strategy-resumed":
    case "round-started":
      return `round ${data.round} of ${data.rounds}`;
    case "waiting-for-nodes":
      return `${data.online} of ${data.needed} nodes are online`;
    case "phase-started":
      return `round ${data.round}, ${data.phase}: ${data.asked} of ${data.available} nodes asked`;
    case "node-replied":
      return withError(
        `${data.round === undefined ? data.messageType : `round ${data.round}, ${data.phase}`} in ${
          seconds(data.seconds)
        }${metricsText(data.metrics)}`,
        data.error,
      );
    case "phase-finished":
      return `round ${data.round}, ${data.phase} in ${
        seconds(data.seconds)
      }: ${data.results} results, ` +
        `${data.failures} failures${metricsText(data.metrics)}`;
    case "server-evaluated":
      return `round ${data.round} in ${seconds(data.seconds)}${metricsText(data.metrics)}`;
    case "round-finished":
      return `round ${data.round} in ${seconds(data.seconds)}`;
    case "privacy-spent":
      return `round ${data.round}: epsilon ${data.epsilon}, delta ${data.delta}`;
    case "stopped-early":
      return `after round ${data.round} of ${data.rounds}${data.reason ? `: ${data.reason}` : ""}`;
    case "strategy-finished":
      return `${data.rounds} rounds in ${seconds(data.seconds)}`;
    case "node-contributed":
      return `${data.contributed} of ${data.asked} rounds` +
        (data.lastError === undefined ? "" : `. Last error: ${data.lastError.reason}`);
    case "app-event":
      return `${data.event}: ${data.data}`;
    default:
      return "";
  }
}

function inRound(
  { messageType, groupId }: { readonly messageType: string; readonly groupId: string },
): string {
  return groupId === "" ? messageType : `round ${groupId}, ${messageType}`;
}

function withError(text: string, error: JournalError | undefined): string {
  return error === undefined ? text : `${text}: ${error.reason}`;
}

function metricsText(metrics: JournalMetrics = {}): string {
  const shown = Object.entries(metrics).slice(0, 6).map(([name, value]) =>
    `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`
  );
  return shown.length === 0 ? "" : `; ${shown.join(", ")}`;
}

function seconds(value: number | undefined): string {
  return value === undefined ? "an unknown time" : `${Number(value.toPrecision(2))} s`;
}
