import { load } from "../../../base/load.ts";
import { FlwrError } from "../../../base/error.ts";
import { isFinished, type LinkRun } from "../../../entities/run.ts";
import type { Link } from "../../../link/link.ts";
import type { KeptApp } from "./kept_apps.ts";

/** Why a run cannot be started again; undefined if it can. */
export function whyNotAgain(run: LinkRun, app: KeptApp | undefined): string | undefined {
  if (run.fabHash === "") {
    return "The run was started by hand, so the SuperLink does not have its app";
  }
  if (run.simulation?.workersTokenHash !== undefined) {
    return "Simulation workers with a token take part in it: submit it with flwr run";
  }
  if (app !== undefined) return undefined;
  return isFinished(run.state)
    ? "The SuperLink keeps the apps of the newest runs since its start only: submit it with flwr run"
    : "The SuperLink is still reading its app: try again";
}

/**
 * Starts a run of the same app with other settings.
 *
 * @param settings TOML: lines of `name = value`
 * @returns the id of the new run
 * @throws FlwrError "invalid-argument" for settings that are malformed or that the app does not have;
 *   "failed-precondition" as {@link whyNotAgain} says, or if attachments of the app were removed
 */
export async function runAgain(
  link: Pick<Link, "runs">,
  run: LinkRun,
  app: KeptApp | undefined,
  settings: string,
): Promise<bigint> {
  const reason = whyNotAgain(run, app);
  if (reason !== undefined) throw new FlwrError("failed-precondition", reason);
  const { readAgain } = await load<typeof import("./read_again.ts")>(
    new URL("./read_again.ts", import.meta.url),
  );
  const { overrideConfig, pieces } = await readAgain(app!.content, settings);
  const { fabId, fabVersion, federation, simulation } = run;
  const created = await link.runs.create({
    fabId,
    fabVersion,
    fab: {
      hash: app!.hash,
      content: app!.content,
      ...(pieces.length > 0 && { pieces }),
    },
    overrideConfig,
    federation,
    ...(simulation !== undefined && { simulation }),
    ...(app!.nodeSettings !== undefined && { nodeSettings: app!.nodeSettings }),
  });
  return created.runId;
}
