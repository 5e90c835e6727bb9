import { dirname, resolve } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { sha256Hex } from "../../../base/platform.ts";
import { buildFab } from "../../../fab/build/build.ts";
import type { Fab } from "../../../fab/fab.ts";
import { mergeRunConfig } from "../../../fab/run_config.ts";
import { readSweepConfig, type SweepConfig } from "../../../fab/sweep_config.ts";
import { printMessage } from "../../output/print_line.ts";
import { readingFlag, UsageError } from "../../flags/values.ts";
import { requireFederationId } from "../config/federation_id.ts";
import type { SimulationSettings } from "../config/simulation_settings.ts";
import { isFolder } from "../run/form.ts";
import { nodeTableOf, readSimulation } from "../run/submit.ts";
import { type Grid, gridOf, settingsText } from "./grid.ts";
import type { SweepFlags } from "./flags.ts";
import type { PlannedRun } from "./sweep_runs.ts";

/** A sweep that was checked as far as that is possible without its SuperLink. */
export interface Plan {
  readonly fab: Fab;
  readonly grid: Grid;
  readonly simulation: SimulationSettings | undefined;
  readonly nodeTable: Uint8Array | undefined;
}

/** Reads the flags and builds the app, before anything is started. @throws FlwrError naming what is wrong */
export async function planSweep(folder: string, flags: SweepFlags): Promise<Plan> {
  checkFlags(flags);
  const config = await readConfig(flags.runConfig ?? []);
  const { averageOver, seeds, maxRuns } = flags;
  const grid = gridOf(config, { averageOver, seeds, maxRuns });
  const simulation = await readSimulation(flags);
  const nodeTable = flags.nodeTable === undefined
    ? undefined
    : await nodeTableOf(flags.nodeTable, simulation?.numSupernodes);
  const fab = await buildFab(folder);
  for (const warning of fab.warnings) printMessage(`Warning: ${warning}`);
  // All runs have the same names.
  readingFlag(() => mergeRunConfig(fab.config.config, Object.fromEntries(grid.runs[0]!)));
  return { fab, grid, simulation, nodeTable };
}

/**
 * The runs of a plan, with the hashes by which a later command recognises them.
 *
 * @param where its SuperLink, as text
 * @param federation settings of the simulation that the federation has by default
 */
export function plannedRuns(
  { fab, grid, simulation, nodeTable }: Plan,
  where: string,
  federation: SimulationSettings,
): PlannedRun[] {
  // The number of threads does not change any result.
  const { initArgsNumCpus: _, clientResourcesNumCpus: __, ...nodes } = {
    ...federation,
    ...simulation,
  };
  const table = nodeTable === undefined ? null : sha256Hex(nodeTable);
  const common = [fab.hash, where, sortedEntries(nodes), table];
  return grid.runs.map((settings) => {
    const all = mergeRunConfig(fab.config.config, Object.fromEntries(settings));
    const identity = [...common, settingsText(sortedEntries(all))];
    const fingerprint = sha256Hex(new TextEncoder().encode(JSON.stringify(identity)));
    return { settings, fingerprint };
  });
}

function sortedEntries<Value>(values: { readonly [name: string]: Value }): [string, Value][] {
  return Object.entries(values).sort(([a], [b]) => a < b ? -1 : 1);
}

async function readConfig(values: readonly string[]): Promise<SweepConfig> {
  return await readSweepConfig(values).catch((error) =>
    readingFlag(() => {
      throw error;
    })
  );
}

function checkFlags({ metric, mode, output, federation }: SweepFlags): void {
  if (mode !== undefined && metric === undefined) {
    throw new UsageError("invalid-argument", "--mode needs --metric", {
      hints: [`For example: --metric accuracy --mode ${mode}`],
    });
  }
  if (federation !== undefined) readingFlag(() => requireFederationId(federation, "--federation"));
  if (output !== undefined) checkOutput(output);
}

/** Checks `--output`, because a sweep may take hours. */
function checkOutput(file: string): void {
  if (!/\.(csv|json)$/.test(file)) {
    throw new UsageError(
      "invalid-argument",
      `--output: the name of file "${file}" must end in .csv or .json`,
    );
  }
  if (isFolder(file) || !isFolder(dirname(resolve(file)))) {
    throw new FlwrError("failed-precondition", `--output: cannot write file "${file}"`, {
      hints: ["Name a file in a folder that exists"],
    });
  }
}
