import { html } from "./html.ts";
import type { ArtifactRow, RunDetails, Setting } from "../model/run.ts";
import { bytes, duration, time } from "./format.ts";
import { type Column, Table } from "./table.ts";

/** The files that a run's ServerApp saved. */
export function FilesTab({ run }: { readonly run: RunDetails }) {
  const { artifacts, artifactsRemovedAt } = run;
  const empty = artifactsRemovedAt === undefined
    ? "The run has saved no file."
    : `The files were removed on ${
      time(artifactsRemovedAt)
    }, because the SuperLink keeps only those of newer runs.`;
  return html`
    <${Table} label="Files" columns=${fileColumns(run.id)} rows=${artifacts} height="none"
      keyOf=${({ name }: ArtifactRow) => name} empty=${empty} />
  `;
}

function fileColumns(run: string): Column<ArtifactRow>[] {
  const href = (name: string) => `/api/runs/${run}/artifacts/${encodeURIComponent(name)}`;
  return [
    {
      title: "File",
      cell: ({ name }) =>
        html`<a href=${href(name)} download=${name.split("/").at(-1)}>${name}</a>`,
    },
    { title: "Size", cell: ({ size }) => bytes(size), width: "6rem", isNumber: true },
    { title: "Saved", cell: ({ savedAt }) => time(savedAt), width: "10rem", from: 500 },
    { title: "SHA-256", cell: ({ sha256 }) => html`<code>${sha256}</code>`, from: 900 },
  ];
}

/** The settings of a run, and what is known of it. */
export function SettingsTab({ run }: { readonly run: RunDetails }) {
  const facts: readonly (readonly [string, string])[] = [
    ["App", `${run.app} ${run.appVersion}`],
    ["App's hash (SHA-256)", run.fabHash || "none: it was started by hand"],
    ["Federation", run.federation],
    ["Submitted", time(run.pendingAt)],
    ["Started", run.runningAt === undefined ? "–" : time(run.runningAt)],
    ["Ended", run.finishedAt === undefined ? "–" : time(run.finishedAt)],
    ["Sent to nodes and ServerApp", bytes(run.bytesSent)],
    ["Received from them", bytes(run.bytesReceived)],
    ["Time of all ClientApps", duration(run.clientAppSeconds)],
  ];
  return html`
    <h2>Settings given at the start</h2>
    <${Table} label="Settings" columns=${SETTING_COLUMNS} rows=${run.settings} height="none"
      keyOf=${({ name }: Setting) => name}
      empty="None: the run uses the settings in the app's pyproject.toml." />
    <h2>Run</h2>
    <dl class="facts-list">${facts.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )}</dl>
  `;
}

const SETTING_COLUMNS: readonly Column<Setting>[] = [
  { title: "Setting", cell: ({ name }) => html`<code>${name}</code>` },
  { title: "Value", cell: ({ value }) => html`<code>${value}</code>` },
  { title: "Type", cell: ({ type }) => type, width: "6rem", from: 480 },
];
