/** The quickstart app of these tests: a Python app as Flower's own quickstarts are, and what a run of it comes to. */
import assert from "node:assert/strict";
import type { Flower } from "../support/flower.ts";
import { flowerEnvironmentVariables } from "../support/flower.ts";
import { repositoryPath } from "../support/repository.ts";
import type { RunResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";

const APPS = repositoryPath("tests/interop/apps");
/** The app's files, under their names in its folder. */
const FILES = {
  "pyproject.toml": `${APPS}/quickstart/pyproject.toml`,
  "quickstart/__init__.py": `${APPS}/quickstart/quickstart/__init__.py`,
  "quickstart/server_app.py": `${APPS}/quickstart/quickstart/server_app.py`,
  "quickstart/client_app.py": `${APPS}/quickstart/quickstart/client_app.py`,
  // the same model as in the apps of 1.9 and in TypeScript
  "quickstart/arithmetic.py": `${APPS}/python/arithmetic.py`,
} as const;

/** Puts the app into the stage's folder. */
export async function quickstartApp(stage: Stage): Promise<string> {
  const folder = stage.path("app");
  await Deno.mkdir(`${folder}/quickstart`, { recursive: true });
  for (const [name, source] of Object.entries(FILES)) {
    await Deno.copyFile(source, `${folder}/${name}`);
  }
  return folder;
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
