/// <reference lib="dom" />
import { useRef, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { Changes } from "../model/changes.ts";
import type { Overview } from "../model/overview.ts";
import type { RunDetails } from "../model/run.ts";
import { ApiError, post } from "./api.ts";
import { EventsView } from "./events_view.ts";
import { duration, time } from "./format.ts";
import { Heading } from "./heading.ts";
import { useNow } from "./live.ts";
import { LogView } from "./log_view.ts";
import { useResource } from "./resource.ts";
import { type Route, RUN_TABS, runLink, type RunTab } from "./router.ts";
import { RoundsTab } from "./rounds_tab.ts";
import { FilesTab, SettingsTab } from "./run_tabs.ts";
import { RunAgain } from "./run_again.ts";
import { RunOverview } from "./run_overview.ts";
import { StateBadge } from "./state_badge.ts";
import { useRounds } from "./use_rounds.ts";

const TITLES: Readonly<Record<RunTab, string>> = {
  overview: "Overview",
  rounds: "Rounds",
  log: "Log",
  events: "Events",
  files: "Files",
  settings: "Settings",
};

/** Properties of {@link RunView}. */
export interface RunViewProperties {
  readonly route: Route & { readonly view: "run" };
  readonly overview: Overview | undefined;
}

/** The page of a run. */
export function RunView({ route, overview }: RunViewProperties) {
  const { run: id, tab } = route;
  const isAffected = ({ runs }: Changes) => runs === undefined || runs.includes(id);
  const { data: run, error, reload } = useResource<RunDetails>(`/api/runs/${id}`, isAffected);
  const rounds = useRounds(id);
  const now = useNow(run !== undefined && run.finishedAt === undefined);
  if (run === undefined) {
    return html`
      <${Heading} title=${`Run ${id}`} />
      <p class=${error === undefined ? "empty" : "problem"}>${error ?? "Loading…"}</p>
    `;
  }
  return html`
    <p class="path"><a href="#/runs">Runs</a> / <code>${id}</code></p>
    <div class="title">
      <${Heading} title=${run.app || `Run ${id}`}>${run.app || "Started by hand"}
        <span class="quiet"> ${run.appVersion}</span><//>
      ${StateBadge(run)}
      <span class="grow"></span>
      <${Actions} run=${run} overview=${overview} onDone=${reload} />
    </div>
    <${Facts} run=${run} now=${now} />
    ${run.details !== "" && html`<p class=${detailsClass(run)}>${run.details}</p>`}
    <nav class="tabs" aria-label="Parts of the run">
      ${RUN_TABS.map((name) =>
        html`<a href=${runLink(id, name)} aria-current=${name === tab ? "page" : undefined}>
        ${TITLES[name]}${
          name === "files" && run.artifacts.length > 0
            ? html`
              <span class="count">${run.artifacts.length}</span>
            `
            : ""
        }</a>`
      )}
    </nav>
    ${tab === "overview" && html`<${RunOverview} run=${run} rounds=${rounds} />`}
    ${tab === "rounds" && html`<${RoundsTab} run=${id} rounds=${rounds} selected=${route.round} />`}
    ${tab === "log" && html`<${LogView} run=${run} />`}
    ${tab === "events" && html`<${EventsView} run=${id} />`}
    ${tab === "files" && html`<${FilesTab} run=${run} />`}
    ${tab === "settings" && html`<${SettingsTab} run=${run} />`}
  `;
}

function Facts({ run, now }: { readonly run: RunDetails; readonly now: number }) {
  const { pendingAt, runningAt, finishedAt, isSimulated, nodeCount, resumes, resumedFrom } = run;
  const facts = [
    runningAt === undefined
      ? `submitted ${time(pendingAt)}`
      : `${duration((finishedAt ?? now) - runningAt)}, started ${time(runningAt)}`,
    ...(isSimulated
      ? [nodeCount === undefined ? "simulated" : `${nodeCount} simulated nodes`]
      : []),
    ...(resumes > 0 ? [`resumed ${resumes} ${resumes === 1 ? "time" : "times"}`] : []),
    ...(resumedFrom !== undefined ? [`continues run ${resumedFrom}`] : []),
  ];
  return html`<p class="quiet facts">${facts.join(" · ")}</p>`;
}

function detailsClass({ state, isIncomplete }: RunDetails): string {
  if (state === "finished:failed") return "problem";
  return isIncomplete ? "caution" : "note";
}

interface ActionsProperties {
  readonly run: RunDetails;
  readonly overview: Overview | undefined;
  readonly onDone: () => void;
}

/** Stop, and run again. */
function Actions({ run, overview, onDone }: ActionsProperties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isAgain, setAgain] = useState(false);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const stop = async () => {
    dialog.current?.close();
    try {
      await post(`/api/runs/${run.id}/stop`, {});
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
    }
    onDone();
  };
  const isOver = run.finishedAt !== undefined;
  return html`
    ${problem !== undefined && html`<span class="problem" role="alert">${problem}</span>`}
    ${overview?.canRunAgain && html`
      <button onClick=${() => setAgain(true)} disabled=${run.whyNotAgain !== undefined}
        title=${run.whyNotAgain}>Run again…</button>
    `}
    ${!isOver && html`
      <button class="danger" onClick=${() => dialog.current?.showModal()}>Stop…</button>
    `}
    <dialog ref=${dialog} aria-labelledby="stop-title">
      <h2 id="stop-title">Stop this run?</h2>
      <p>The ServerApp ends, and instructions that nodes have not answered are cancelled. A stopped
        run does not continue.</p>
      <div class="buttons">
        <button onClick=${() => dialog.current?.close()}>Keep running</button>
        <button class="danger" onClick=${stop}>Stop run</button>
      </div>
    </dialog>
    ${isAgain && html`<${RunAgain} run=${run} onClose=${() => setAgain(false)} />`}
  `;
}
