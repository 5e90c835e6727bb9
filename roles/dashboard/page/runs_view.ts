import { useState } from "preact/hooks";
import { html } from "./html.ts";
import type { RunPage, RunRow } from "../model/run.ts";
import { ago, duration, time } from "./format.ts";
import { Heading } from "./heading.ts";
import { useNow } from "./live.ts";
import { useResource } from "./resource.ts";
import { runLink } from "./router.ts";
import { StateBadge } from "./state_badge.ts";
import { type Column, Table } from "./table.ts";

/** Runs on a page. */
const PAGE_RUNS = 100;

/** The list of runs. */
export function RunsView() {
  const [skip, setSkip] = useState(0);
  const { data, error } = useResource<RunPage>(
    `/api/runs?skip=${skip}&limit=${PAGE_RUNS}`,
    ({ runs }) => runs === undefined || runs.length > 0,
  );
  const isActive = data?.runs.some(({ finishedAt }) => finishedAt === undefined) ?? false;
  const now = useNow(isActive);
  return html`
    <${Heading} title="Runs" />
    ${error !== undefined && html`<p class="problem" role="alert">${error}</p>`}
    ${data === undefined ? html`<p class="empty">Loading…</p>` : html`
      <${Table} label="Runs" columns=${columns(now)} rows=${data.runs} height="none"
        keyOf=${({ id }: RunRow) => id} empty=${NO_RUNS} />
      ${(skip > 0 || data.more) && html`
        <div class="pager">
          <button disabled=${skip === 0} onClick=${() => setSkip(skip - PAGE_RUNS)}>Newer</button>
          <button disabled=${!data.more} onClick=${() => setSkip(skip + PAGE_RUNS)}>Older</button>
        </div>
      `}
    `}
  `;
}

const NO_RUNS = html`No run yet. Start one with <code>flwr run</code>, in the folder of an app.`;

function columns(now: number): Column<RunRow>[] {
  return [
    {
      title: "Run",
      cell: (run) =>
        html`<a class="row-link" href=${runLink(run.id)}>${run.app || "Started by hand"}</a>`,
    },
    { title: "Id", cell: ({ id }) => html`<code>${id}</code>`, width: "13.5rem", from: 900 },
    { title: "Version", cell: ({ appVersion }) => appVersion, width: "6rem", from: 700 },
    { title: "State", cell: (run) => StateBadge(run), width: "7.5rem" },
    { title: "Round", cell: roundText, width: "6rem", isNumber: true, from: 480 },
    {
      title: "Duration",
      cell: ({ runningAt, finishedAt }) =>
        runningAt === undefined ? "–" : duration((finishedAt ?? now) - runningAt),
      width: "7rem",
      isNumber: true,
      from: 420,
    },
    {
      title: "Submitted",
      cell: ({ pendingAt }) => html`<span title=${time(pendingAt)}>${ago(pendingAt, now)}</span>`,
      width: "8rem",
      isNumber: true,
      from: 600,
    },
  ];
}

/** "3 / 10". */
export function roundText({ round, rounds }: Pick<RunRow, "round" | "rounds">): string {
  if (round === undefined) return "–";
  return rounds === undefined ? String(round) : `${round} / ${rounds}`;
}
