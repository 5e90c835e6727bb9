import { useState } from "preact/hooks";
import { html } from "./html.ts";
import type { RunDetails } from "../model/run.ts";
import type { NodeSeries, PhaseName, Rounds } from "../model/rounds.ts";
import { Chart, type Line } from "./chart.ts";
import { duration, metric } from "./format.ts";
import { numberOf, type ShownMetric, shownMetrics } from "./metrics.ts";
import { useResource } from "./resource.ts";
import { RoundStrip } from "./round_strip.ts";

/** The charts of a run and its state in numbers. */
export function RunOverview(
  { run, rounds }: { readonly run: RunDetails; readonly rounds: Rounds | undefined },
) {
  const [withNodes, setWithNodes] = useState(true);
  if (rounds === undefined) return html`<p class="empty">Loading…</p>`;
  const metrics = shownMetrics(rounds);
  return html`
    <${Tiles} run=${run} rounds=${rounds} metrics=${metrics} />
    ${rounds.rounds.length === 0
      ? html`<p class="empty">No round yet. ServerApps in TypeScript report their rounds; for Python
        apps, they are read from the instructions that the ServerApp sends.</p>`
      : html`
        <${RoundStrip} run=${run.id} rounds=${rounds.rounds}
          planned=${rounds.planned} />
      `}
    ${metrics.length > 0 && html`
      <div class="tools"><label><input type="checkbox" checked=${withNodes}
        onChange=${() => setWithNodes(!withNodes)} /> A line per node</label></div>
    `}
    <div class="charts">
      ${metrics.map((shown) =>
        html`
          <${MetricChart} key=${`${shown.source} ${shown.name}`} run=${run.id} rounds=${rounds}
            shown=${shown} withNodes=${withNodes} />
        `
      )}
    </div>
  `;
}

interface TilesProperties {
  readonly run: RunDetails;
  readonly rounds: Rounds;
  readonly metrics: readonly ShownMetric[];
}

function Tiles({ run, rounds, metrics }: TilesProperties) {
  const { rounds: list, planned } = rounds;
  const last = list.at(-1);
  const done = list.filter(({ seconds, round }) => seconds !== undefined && round > 0);
  const mean = done.reduce((sum, { seconds }) => sum + seconds!, 0) / done.length;
  const phases = last?.phases ?? [];
  const failures = list.flatMap(({ phases }) => phases).reduce(
    (sum, { failures }) => sum + failures,
    0,
  );
  const isRunning = run.finishedAt === undefined;
  const left = planned === undefined || last === undefined ? 0 : planned - last.round;
  return html`<dl class="tiles">
    ${tile("Round", last === undefined ? "–" : String(last.round), planned && `of ${planned}`)}
    ${
    tile(
      "Round takes",
      done.length === 0 ? "–" : duration(mean),
      isRunning && left > 0 &&
        done.length > 0 && `about ${duration(left * mean)} left`,
    )
  }
    ${
    phases.map(({ phase, asked, results }) =>
      tile(
        phase === "train" ? "Trained" : "Evaluated",
        `${results} / ${asked}`,
        "nodes, this round",
      )
    )
  }
    ${tile("Failures", String(failures), "of nodes, all rounds", failures > 0)}
    ${
    metrics.filter(({ source }) => source !== "train").slice(0, 3).map((shown) => {
      const value = shown.values.findLast((value) => value !== null);
      return tile(shown.title, metric(value ?? undefined), "latest");
    })
  }
  </dl>`;
}

function tile(
  title: string,
  value: string,
  note: string | number | false | undefined,
  isBad = false,
) {
  return html`<div class=${isBad ? "tile bad" : "tile"}>
    <dt>${title}</dt><dd>${value}</dd>${note ? html`<dd class="quiet">${note}</dd>` : ""}</div>`;
}

interface MetricChartProperties {
  readonly run: string;
  readonly rounds: Rounds;
  readonly shown: ShownMetric;
  readonly withNodes: boolean;
}

/** The chart of a metric: the aggregated values, and those of single nodes. */
function MetricChart({ run, rounds, shown, withNodes }: MetricChartProperties) {
  const { name, source, title } = shown;
  const hasNodes = withNodes && source !== "server" && rounds.nodeMetrics[source].includes(name);
  const { data } = useResource<NodeSeries>(
    hasNodes ? seriesPath(run, source as PhaseName, name) : undefined,
    ({ runs }) => runs === undefined || runs.includes(run),
  );
  const xs = rounds.rounds.map(({ round }) => round);
  const nodes = hasNodes && data !== undefined ? nodeLines(xs, data) : [];
  const main: Line = {
    label: source === "server" ? "on the server" : "all nodes",
    values: shown.values,
    kind: source === "server" ? "server" : "main",
  };
  const hidden = hasNodes && data !== undefined ? data.total - data.nodes.length : 0;
  return html`
    <${Chart} title=${title} xs=${xs} lines=${[...nodes, main]}
      note=${hidden > 0 ? `and ${hidden} more nodes: see Rounds` : undefined} />
  `;
}

function seriesPath(run: string, phase: PhaseName, name: string): string {
  return `/api/runs/${run}/series?phase=${phase}&metric=${encodeURIComponent(name)}`;
}

function nodeLines(xs: readonly number[], { rounds, nodes }: NodeSeries): Line[] {
  const indexOf = new Map(rounds.map((round, index) => [round, index]));
  return nodes.map(({ label, values }) => ({
    label,
    kind: "node",
    values: xs.map((x) => numberOf(values[indexOf.get(x) ?? -1])),
  }));
}
