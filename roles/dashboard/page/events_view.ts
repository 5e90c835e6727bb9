import { useEffect, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { EventPage, EventRow } from "../model/event.ts";
import { ApiError, get } from "./api.ts";
import { time } from "./format.ts";
import { Heading } from "./heading.ts";
import { useResource } from "./resource.ts";
import { runLink } from "./router.ts";
import { type Column, Table } from "./table.ts";

/** Events that stay on the page, at most. */
const MAX_EVENTS = 5000;

/** The events of the SuperLink, or of one run. @param properties `title`: undefined inside a run's page */
export function EventsView({ run, title }: { readonly run?: string; readonly title?: string }) {
  const path = run === undefined ? "/api/events" : `/api/events?run=${run}`;
  const { data, error } = useResource<EventPage>(
    path,
    ({ runs }) => run === undefined || runs === undefined || runs.includes(run),
  );
  const [older, setOlder] = useState<EventPage | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [search, setSearch] = useState("");
  useEffect(() => setOlder(undefined), [path]);
  const attached = older !== undefined && reaches(data, older) ? older : undefined;
  const events = joined(data?.events ?? [], attached?.events ?? []);
  const last = attached ?? data;
  const loadOlder = async () => {
    try {
      const page = await get<EventPage>(
        `${path}${run === undefined ? "?" : "&"}before=${last!.position}`,
      );
      setOlder({ ...page, events: [...events, ...page.events].slice(-MAX_EVENTS) });
    } catch (reason) {
      setProblem(reason instanceof ApiError ? reason.message : String(reason));
    }
  };
  const words = search.toLowerCase();
  const found = words === ""
    ? events
    : events.filter((event) =>
      `${event.kind} ${event.nodeLabel ?? ""} ${event.text}`.toLowerCase().includes(words)
    );
  const message = problem ?? error;
  return html`
    ${title !== undefined && html`<${Heading} title=${title} />`}
    <div class="tools">
      <label>Search <input type="search" value=${search}
        onInput=${(event: Event) => setSearch((event.target as HTMLInputElement).value)} /></label>
      <span class="quiet" role="status">${words !== "" &&
        `${found.length} of ${events.length}`}</span>
    </div>
    ${message !== undefined && html`<p class="problem" role="alert">${message}</p>`}
    ${data === undefined ? html`<p class="empty">Loading…</p>` : html`
      <${Table} label="Events" columns=${run === undefined
        ? COLUMNS
        : COLUMNS.filter(({ title }) => title !== "Run")} rows=${found} keyOf=${(
        { sequence }: EventRow,
      ) => sequence}
        isBad=${({ isError }: EventRow) => isError} empty="No events." />
      ${last!.more &&
        html`<div class="pager"><button onClick=${loadOlder}>Load older</button></div>`}
    `}
  `;
}

/** Whether there is no gap between the newest events and those loaded before: so many may have come that there is. */
function reaches(data: EventPage | undefined, older: EventPage): boolean {
  const oldest = data?.events.at(-1)?.sequence ?? Infinity;
  return (older.events[0]?.sequence ?? -Infinity) >= oldest;
}

/** Newer events, then the older ones that are not among them. */
function joined(newer: readonly EventRow[], older: readonly EventRow[]): EventRow[] {
  const oldest = newer.at(-1)?.sequence ?? Infinity;
  return [...newer, ...older.filter(({ sequence }) => sequence < oldest)];
}

const COLUMNS: readonly Column<EventRow>[] = [
  { title: "Time", cell: ({ at }) => time(at), width: "6.5rem" },
  { title: "Event", cell: ({ kind }) => html`<code>${kind}</code>`, width: "12.5rem", from: 500 },
  { title: "Node", cell: ({ nodeLabel }) => nodeLabel ?? "", width: "9rem", from: 800 },
  {
    title: "Run",
    cell: ({ runId }) =>
      runId === undefined ? "" : html`<a href=${runLink(runId)}>…${runId.slice(-6)}</a>`,
    width: "7rem",
    from: 650,
  },
  { title: "What happened", cell: ({ text }) => html`<span title=${text}>${text}</span>` },
];
