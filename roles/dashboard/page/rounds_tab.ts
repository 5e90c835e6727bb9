import { html } from "./html.ts";
import type { NodeResult, RoundRow, Rounds } from "../model/rounds.ts";
import { duration, metric } from "./format.ts";
import { useResource } from "./resource.ts";
import { lengthOf, partsOf } from "./round_strip.ts";
import { runLink } from "./router.ts";
import { type Column, Table } from "./table.ts";

/** Properties of {@link RoundsTab}. */
export interface RoundsTabProperties {
  readonly run: string;
  readonly rounds: Rounds | undefined;
  /** The round whose nodes are shown; default: the last one. */
  readonly selected?: number;
}

/** The rounds of a run as a timeline, and the nodes of one round. */
export function RoundsTab({ run, rounds, selected }: RoundsTabProperties) {
  if (rounds === undefined) return html`<p class="empty">Loading…</p>`;
  const list = rounds.rounds;
  const longest = Math.max(...list.slice(-1000).map(lengthOf), 0.001);
  const round = selected ?? list.findLast(({ round }) => round > 0)?.round;
  return html`
    <${Table} label="Rounds" columns=${roundColumns(run, longest)} rows=${list.toReversed()}
      keyOf=${({ round }: RoundRow) => round} selected=${round} height="40vh"
      isBad=${({ phases }: RoundRow) => phases.some(({ failures }) => failures > 0)}
      empty="No round yet." />
    ${round !== undefined && html`
      <${RoundNodes} key=${round} run=${run} round=${round}
        isOpen=${list.find((row) => row.round === round)?.seconds === undefined} />
    `}
  `;
}

function roundColumns(run: string, longest: number): Column<RoundRow>[] {
  return [
    {
      title: "Round",
      cell: ({ round }) =>
        html`<a class="row-link" href=${runLink(run, "rounds", round)}>${round}</a>`,
      width: "4.5rem",
      isNumber: true,
    },
    { title: "Timeline", cell: (round) => html`<${RoundBar} round=${round} longest=${longest} />` },
    {
      title: "Took",
      cell: ({ seconds }) => seconds === undefined ? "…" : duration(seconds),
      sortBy: lengthOf,
      width: "6rem",
      isNumber: true,
    },
    { title: "Trained", cell: phaseText("train"), width: "6rem", isNumber: true, from: 520 },
    { title: "Evaluated", cell: phaseText("evaluate"), width: "6.5rem", isNumber: true, from: 620 },
    {
      title: "Metrics",
      cell: metricsText,
      from: 900,
    },
  ];
}

function phaseText(name: "train" | "evaluate") {
  return ({ phases }: RoundRow) => {
    const phase = phases.find(({ phase }) => phase === name);
    if (phase === undefined) return "–";
    const text = `${phase.results} / ${phase.asked}`;
    return phase.failures === 0 ? text : html`<span class="failed">${text}</span>`;
  };
}

function metricsText({ phases, server }: RoundRow): string {
  const metrics = server ?? phases.findLast(({ metrics }) => metrics !== undefined)?.metrics ?? {};
  return Object.entries(metrics).slice(0, 4).map(([name, value]) => `${name} ${metric(value)}`)
    .join(", ");
}

/** A bar whose parts are as long as the parts of the round took. */
function RoundBar({ round, longest }: { readonly round: RoundRow; readonly longest: number }) {
  return bar(partsOf(round), longest);
}

function bar(parts: readonly { readonly name: string; readonly seconds: number }[], whole: number) {
  let x = 0;
  const title = parts.filter(({ seconds }) => seconds > 0)
    .map(({ name, seconds }) => `${PART_TEXTS[name] ?? name} ${duration(seconds)}`).join(", ");
  return html`
    <svg class="timeline" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img"
      aria-label=${title}>
      <title>${title}</title>
      ${parts.map(({ name, seconds }) => {
        const width = Math.min(1000 - x, seconds / whole * 1000);
        const rect = html`<rect class=${name} x=${x} y="1" width=${
          Math.max(0, width)
        } height="8" />`;
        x += width;
        return rect;
      })}
    </svg>
  `;
}

const PART_TEXTS: Readonly<Record<string, string>> = {
  train: "training",
  evaluate: "evaluation",
  other: "server",
  wait: "waiting for the node",
  transfer: "download and upload",
};

interface RoundNodesProperties {
  readonly run: string;
  readonly round: number;
  readonly isOpen: boolean;
}

/** What each node did in a round. */
function RoundNodes({ run, round, isOpen }: RoundNodesProperties) {
  const { data, error } = useResource<readonly NodeResult[]>(
    `/api/runs/${run}/rounds/${round}`,
    ({ runs }) => isOpen && (runs === undefined || runs.includes(run)),
  );
  const longest = (data ?? []).reduce((most, { seconds }) => Math.max(most, seconds), 0.001);
  return html`
    <h2>Nodes in round ${round}</h2>
    <p class="quiet legend-line"><span class="swatch wait"></span> until the node took the instruction
      <span class="swatch transfer"></span> download and upload
      <span class="swatch train"></span> training <span class="swatch evaluate"></span> evaluation</p>
    ${error !== undefined && html`<p class="problem" role="alert">${error}</p>`}
    ${data === undefined ? html`<p class="empty">Loading…</p>` : html`
      <${Table} label=${`Nodes in round ${round}`} columns=${nodeColumns(longest)} rows=${data}
        keyOf=${({ nodeId, phase }: NodeResult) => `${phase} ${nodeId}`} height="45vh"
        isBad=${({ error }: NodeResult) => error !== undefined}
        empty="No answer yet, or too long ago: the SuperLink keeps the newest 20,000 answers of a run." />
    `}
  `;
}

function nodeColumns(longest: number): Column<NodeResult>[] {
  return [
    { title: "Node", cell: ({ label }) => label, sortBy: ({ label }) => label, width: "22%" },
    {
      title: "Phase",
      cell: ({ phase }) => phase,
      sortBy: ({ phase }) => phase,
      width: "6.5rem",
      from: 640,
    },
    { title: "Pull → work → push", cell: (result) => bar(nodeParts(result), longest) },
    {
      title: "Took",
      cell: ({ seconds }) => duration(seconds),
      sortBy: ({ seconds }) => seconds,
      width: "6rem",
      isNumber: true,
    },
    {
      title: "Worked",
      cell: ({ appSeconds }) => appSeconds === undefined ? "–" : duration(appSeconds),
      sortBy: ({ appSeconds }) => appSeconds ?? -1,
      width: "6rem",
      isNumber: true,
      from: 760,
    },
    {
      title: "Result",
      cell: ({ error, metrics }) =>
        error !== undefined
          ? html`<span class="failed" title=${error}>${error}</span>`
          : Object.entries(metrics ?? {}).slice(0, 4).map(([name, value]) =>
            `${name} ${metric(value)}`
          ).join(", ") || "ok",
      from: 480,
    },
  ];
}

/** Where the time of a node went. Download and upload are not measured apart. */
function nodeParts({ phase, pushedAt, handedOutAt, at, appSeconds, seconds }: NodeResult) {
  if (pushedAt === undefined || handedOutAt === undefined) return [{ name: phase, seconds }];
  const busy = Math.max(0, at - handedOutAt);
  const work = Math.min(appSeconds ?? 0, busy);
  const transfer = (busy - work) / 2;
  return [
    { name: "wait", seconds: Math.max(0, handedOutAt - pushedAt) },
    { name: "transfer", seconds: transfer },
    { name: phase, seconds: work },
    { name: "transfer", seconds: transfer },
  ];
}
