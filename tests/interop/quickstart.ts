/** The Python apps of these tests, which are as Flower's own quickstarts are, and what runs of them come to. */
import assert from "node:assert/strict";
import type { Flower } from "../support/flower.ts";
import { flowerEnvironmentVariables } from "../support/flower.ts";
import { repositoryPath } from "../support/repository.ts";
import type { RunResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";

const APPS = repositoryPath("tests/interop/apps");

/** Rounds of runs with NumPyClient: from the second on, objects of the replies recur. */
export const NUMPYCLIENT_ROUNDS = 3;

/** The Python apps of these tests: on today's API, and on the one with NumPyClient. */
export type PythonApp = "quickstart" | "numpyclient";

/** Puts the quickstart app into the stage's folder. */
export function quickstartApp(stage: Stage): Promise<string> {
  return pythonApp(stage, "quickstart");
}

/** Puts an app into the stage's folder, in a folder of its name. */
export async function pythonApp(stage: Stage, name: PythonApp): Promise<string> {
  const folder = stage.path(name);
  await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  const files = {
    "pyproject.toml": `${APPS}/${name}/pyproject.toml`,
    [`${name}/__init__.py`]: `${APPS}/${name}/${name}/__init__.py`,
    [`${name}/server_app.py`]: `${APPS}/${name}/${name}/server_app.py`,
    [`${name}/client_app.py`]: `${APPS}/${name}/${name}/client_app.py`,
    // the same model as in the apps of 1.9 and in TypeScript
    [`${name}/arithmetic.py`]: `${APPS}/python/arithmetic.py`,
  };
  for (const [path, source] of Object.entries(files)) {
    await Deno.copyFile(source, `${folder}/${path}`);
  }
  return folder;
}

/**
 * What Flower's older FedAvg and the app with NumPyClient make of two nodes, in one Python process without any wire.
 *
 * @param options.partitions the partitions of the nodes, "0,1"
 */
export async function numpyclientReference(
  stage: Stage,
  flower: Flower,
  { app, rounds, partitions }: { app: string; rounds: number; partitions: string },
): Promise<RunResult> {
  const result = stage.path("reference-numpyclient.json");
  const process = stage.start({
    name: "reference_numpyclient.py",
    command: flower.python,
    args: [`${APPS}/reference_numpyclient.py`, app, result, String(rounds), partitions],
    env: flowerEnvironmentVariables(stage, "reference"),
  });
  assert.equal((await process.ended(60)).code, 0, "reference_numpyclient.py exits with 0");
  return JSON.parse(await Deno.readTextFile(result));
}

/**
 * What Flower's own FedAvg and the app make of a few nodes, in one Python process without any wire: every run with
 * processes must come to the same bits.
 *
 * @param options.selections the partitions of the nodes that take part, "0,1"; several times
 * @returns the results by their selections
 */
export async function quickstartReferences(
  stage: Stage,
  flower: Flower,
  { app, rounds = 1, selections }: {
    app: string;
    rounds?: number;
    selections: readonly string[];
  },
): Promise<Map<string, RunResult>> {
  const results = stage.path("references");
  await Deno.mkdir(results);
  const process = stage.start({
    name: "reference.py",
    command: flower.python,
    args: [`${APPS}/reference.py`, app, results, String(rounds), ...selections],
    env: flowerEnvironmentVariables(stage, "reference"),
  });
  assert.equal((await process.ended(60)).code, 0, "reference.py exits with 0");
  const read = async (name: string) =>
    [name, JSON.parse(await Deno.readTextFile(`${results}/${name}.json`))] as const;
  return new Map(await Promise.all(selections.map(read)));
}

/** The run's configuration, as `-c` takes it. */
export function quickstartConfig(
  { nodes, result, rounds = 1, trainSeconds = 0 }: {
    nodes: readonly string[];
    result: string;
    rounds?: number;
    trainSeconds?: number;
  },
): string {
  return `nodes="${
    nodes.join(",")
  }" result="${result}" num-rounds=${rounds} train-seconds=${trainSeconds}`;
}
