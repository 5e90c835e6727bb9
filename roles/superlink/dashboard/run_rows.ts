import { isIncomplete } from "../../../hosting/app/incomplete.ts";
import type { LinkArtifact } from "../../../entities/artifact.ts";
import type { LinkRun, LinkScalar } from "../../../entities/run.ts";
import type { ArtifactRow, RunDetails, RunRow, Setting } from "../../dashboard/model/run.ts";
import { shownText } from "../../dashboard/shown_text.ts";

/** A run as the page's list shows it. */
export function runRow(run: LinkRun): RunRow {
  return {
    id: String(run.runId),
    app: shownText(run.fabId),
    appVersion: shownText(run.fabVersion),
    state: run.state,
    isIncomplete: run.state === "finished:completed" && isIncomplete(run.details),
    details: shownText(run.details),
    pendingAt: run.pendingAt,
    ...(run.runningAt !== undefined && { runningAt: run.runningAt }),
    ...(run.finishedAt !== undefined && { finishedAt: run.finishedAt }),
  };
}

/** A run as its page shows it. @param whyNotAgain see RunDetails.whyNotAgain */
export function runDetails(
  run: LinkRun,
  artifacts: readonly LinkArtifact[],
  whyNotAgain: string | undefined,
): RunDetails {
  const { startingAt, simulation, resumedFrom, artifactsRemovedAt, logRemovedAt } = run;
  return {
    ...runRow(run),
    federation: shownText(run.federation),
    fabHash: run.fabHash,
    ...(startingAt !== undefined && { startingAt }),
    isSimulated: simulation !== undefined,
    ...(simulation !== undefined && { nodeCount: simulation.numSupernodes }),
    resumes: run.resumes ?? 0,
    ...(resumedFrom !== undefined && { resumedFrom: String(resumedFrom) }),
    settings: Object.entries(run.overrideConfig).map(([name, value]) => setting(name, value)),
    bytesSent: run.bytesSent,
    bytesReceived: run.bytesReceived,
    clientAppSeconds: run.clientAppSeconds,
    artifacts: artifacts.map(artifactRow),
    ...(artifactsRemovedAt !== undefined && { artifactsRemovedAt }),
    ...(logRemovedAt !== undefined && { logRemovedAt }),
    ...(whyNotAgain !== undefined && { whyNotAgain }),
  };
}

function artifactRow({ name, size, sha256, savedAt }: LinkArtifact): ArtifactRow {
  return { name, size, sha256, savedAt };
}

function setting(name: string, value: LinkScalar): Setting {
  const shown = shownText(name);
  if (typeof value === "boolean") return { name: shown, type: "boolean", value: String(value) };
  if (typeof value === "bigint") return { name: shown, type: "integer", value: String(value) };
  if (typeof value === "number") return { name: shown, type: "number", value: floatText(value) };
  if (typeof value === "string") return { name: shown, type: "text", value: shownText(value) };
  return { name: shown, type: "bytes", value: value.toHex() };
}

/** A floating-point number as TOML writes it, which distinguishes it from an integer. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) {
    return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  }
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
