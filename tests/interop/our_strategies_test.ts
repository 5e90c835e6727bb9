/**
 * Strategies of ours that drive nodes of the real Flower: an app whose ServerApp is in TypeScript and whose ClientApp is in
 * Python. What comes out is what Flower's own strategies make of the same nodes.
 */
import assert from "node:assert/strict";
import { flwr } from "../e2e/cli/command.ts";
import { makeCredentials } from "../support/credentials.ts";
import {
  type Flower,
  flowerEnvironmentVariables,
  flowerNodeId,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { findPython, pinnedEnvironment } from "../support/python.ts";
import { repositoryPath } from "../support/repository.ts";
import type { Stage } from "../support/stage.ts";
import { flowerScenario } from "./python_scenario.ts";

const APPS = repositoryPath("tests/interop/apps");
const OPTIONS = { seconds: 420, ignore: !NIGHTLY };

/** What a strategy came to. */
interface Made {
  readonly dtype: string;
  readonly weights: readonly number[];
  /** The partitions of the replies, in ascending order of node id. */
  readonly order: readonly number[];
  /** Bytes of the elements that each node was sent, round by round. */
  readonly bytes: readonly (readonly number[])[];
}

flowerScenario(
  "flwr 1.42: our FedAdam, Bulyan and QFedAvg drive its nodes, and come to what its own make of them",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.42.0");
    const rounds = 2;
    const folder = await play(stage, flower, { app: "strategies", nodes: 3, rounds });
    const report: Record<string, Made> = JSON.parse(
      await Deno.readTextFile(`${folder}/report.json`),
    );
    const { order } = report.FedAdam!;
    const expected: Record<string, number[]> = await reference(stage, flower, [
      "reference_strategies.py",
      `${APPS}/strategies`,
      String(rounds),
      order.join(","),
    ]);
    // Flower sends float64 from the second round on; our FedAdam keeps float32, and our QFedAvg is asked for float64.
    const tolerances = { FedAdam: 1e-4, Bulyan: 1e-6, QFedAvg: 1e-6 };
    for (const [name, tolerance] of Object.entries(tolerances)) {
      const { dtype, weights, bytes } = report[name]!;
      const isWide = name === "QFedAvg";
      assert.equal(dtype, isWide ? "float64" : "float32", name);
      const sent = isWide ? [4, 8] : [4, 4];
      assert.deepEqual(bytes, sent.map((size) => [size, size, size]), name);
      expected[name]!.forEach((value, i) => {
        const off = Math.abs(weights[i]! - value);
        assert.ok(off <= tolerance, `${name}: ${weights[i]} is not ${value}`);
      });
    }
  },
  OPTIONS,
);

flowerScenario(
  "flwr 1.42: our FedXgbBagging and FedXgbCyclic drive nodes with XGBoost, which loads the trees that Flower makes",
  async (stage) => {
    const python = await pinnedEnvironment((await findPython())!, {
      name: "xgboost-3.2.0",
      requirements: repositoryPath("tests/interop/requirements/xgboost-3.2.0.txt"),
      probe: "import flwr, numpy, xgboost",
    }, console.log);
    const flower: Flower = { version: "1.42.0", python };
    const rounds = 3;
    const folder = await play(stage, flower, { app: "xgboost", nodes: 2, rounds });
    const orders = JSON.parse(await Deno.readTextFile(`${folder}/orders.json`));
    assert.deepEqual(orders.bagging.map((order: number[]) => order.length), [2, 2, 2]);
    // One node after the other.
    const [first, second, third] = orders.cyclic.flat();
    assert.deepEqual([first === third, first === second], [true, false]);
    const report = await reference(stage, flower, [
      "reference_xgboost.py",
      `${APPS}/xgboost`,
      folder,
    ]);
    for (const [name, boosted] of [["bagging", 2 * rounds], ["cyclic", rounds]] as const) {
      const { accuracy, ...rest } = report[name];
      assert.deepEqual(rest, { same: true, rounds: boosted, samePredictions: true }, name);
      assert.ok(accuracy > 0.7, `${name} learns: ${accuracy}`);
    }
  },
  OPTIONS,
);

/**
 * Runs an app on nodes of the real Flower at our SuperLink.
 *
 * @returns the folder with the files that it saved
 */
async function play(
  stage: Stage,
  flower: Flower,
  { app, nodes, rounds }: { app: string; nodes: number; rounds: number },
): Promise<string> {
  const superlink = await startSuperLink({
    stage,
    env: flowerEnvironmentVariables(stage, "superlink"),
  });
  const credentials = await makeCredentials(stage.folder.path, 1);
  const options = { stage, flower, credentials, security: "insecure", superlink } as const;
  const started = Array.from(
    { length: nodes },
    (_, partition) => startFlowerSuperNode({ ...options, node: partition + 1, partition }),
  );
  for (const node of started) await flowerNodeId(node);
  const ours = async (...args: string[]) => {
    const { code, stdout, stderr } = await flwr(stage.folder.path, args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const { http } = superlink;
  const json = await ours(
    ...["run", `${APPS}/${app}`, http, "--insecure", "--stream", "--no-check", "--format", "json"],
    ...["-c", `num-rounds=${rounds}`],
  );
  const id: string = JSON.parse(json)["run-id"];
  await ours("pull", id, http, "--insecure");
  return stage.path(`run-${id}`);
}

/** Runs a script of these tests, and returns what it prints as JSON. */
async function reference(stage: Stage, { python }: Flower, args: readonly string[]) {
  const [script, ...others] = args;
  const process = stage.start({
    name: script!,
    command: python,
    args: [repositoryPath(`tests/interop/${script}`), ...others],
    env: flowerEnvironmentVariables(stage, "reference"),
  });
  assert.equal((await process.ended(60)).code, 0, process.lines.join("\n"));
  return JSON.parse(process.stdoutLines.at(-1)!);
}
