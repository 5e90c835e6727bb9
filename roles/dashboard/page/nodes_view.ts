import { html } from "./html.ts";
import type { NodeRow } from "../model/node.ts";
import { ago, counted, duration, time } from "./format.ts";
import { Heading } from "./heading.ts";
import { useNow } from "./live.ts";
import { useResource } from "./resource.ts";
import { runLink } from "./router.ts";
import { StateBadge } from "./state_badge.ts";
import { type Column, Table } from "./table.ts";

/** The list of nodes. */
export function NodesView() {
  const { data, error } = useResource<readonly NodeRow[]>("/api/nodes", ({ nodes }) => nodes);
  const now = useNow(true);
  const online = data?.filter(({ state }) => state === "online").length ?? 0;
  return html`
    <${Heading} title="Nodes" />
    ${error !== undefined && html`<p class="problem" role="alert">${error}</p>`}
    ${data === undefined ? html`<p class="empty">Loading…</p>` : html`
      ${data.length > 0 &&
        html`<p class="quiet">${counted(data.length, "node")}, ${online} online</p>`}
      <${Table} label="Nodes" columns=${columns(now)} rows=${data} height="75vh"
        keyOf=${({ id }: NodeRow) => id} empty=${NO_NODES} />
    `}
  `;
}

const NO_NODES =
  html`No node yet. Start one with <code>flwr supernode</code>. Simulated nodes are not listed
    here: the page of their run has them.`;

function columns(now: number): Column<NodeRow>[] {
  return [
    { title: "Node", cell: ({ label }) => label, sortBy: ({ label }) => label },
    {
      title: "Id",
      cell: ({ id, label }) => label.includes(id) ? "" : html`<code>${id}</code>`,
      width: "13.5rem",
      from: 1100,
    },
    {
      title: "State",
      cell: (node) => StateBadge(node),
      sortBy: ({ state }) => state,
      width: "7rem",
    },
    {
      title: "Since",
      cell: ({ since }) =>
        since === undefined ? "–" : html`<span title=${time(since)}>${ago(since, now)}</span>`,
      sortBy: ({ since }) => since ?? 0,
      width: "7rem",
      isNumber: true,
      from: 560,
    },
    {
      title: "Last answer",
      cell: lastAnswer(now),
      sortBy: ({ lastAnswerAt }) => lastAnswerAt ?? 0,
      width: "8rem",
      isNumber: true,
      from: 480,
    },
    {
      title: "Took",
      cell: ({ lastSeconds }) => lastSeconds === undefined ? "–" : duration(lastSeconds),
      sortBy: ({ lastSeconds }) => lastSeconds ?? -1,
      width: "6rem",
      isNumber: true,
      from: 700,
    },
    {
      title: "Results",
      cell: ({ answered }) => answered,
      sortBy: ({ answered }) => answered,
      width: "5.5rem",
      isNumber: true,
      from: 800,
    },
    {
      title: "Failures",
      cell: ({ failed, lastError }) =>
        failed === 0 ? "0" : html`<span class="failed" title=${lastError ?? ""}>${failed}</span>`,
      sortBy: ({ failed }) => failed,
      width: "6rem",
      isNumber: true,
    },
    { title: "Last error", cell: ({ lastError }) => lastError ?? "", from: 1000 },
    { title: "Protocol", cell: ({ wire }) => wire || "–", width: "6.5rem", from: 1200 },
  ];
}

function lastAnswer(now: number) {
  return ({ lastAnswerAt, lastRun }: NodeRow) => {
    if (lastAnswerAt === undefined) return "–";
    const text = html`<span title=${time(lastAnswerAt)}>${ago(lastAnswerAt, now)}</span>`;
    return lastRun === undefined ? text : html`<a href=${runLink(lastRun)}>${text}</a>`;
  };
}
