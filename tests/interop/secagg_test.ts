/**
 * Secure aggregation between the real Flower and ours: nodes of both in a run of Python's SecAggPlusWorkflow, and in a run
 * of SecAggPlus.
 */
import assert from "node:assert/strict";
import { ArrayRecord } from "../../app/array_record.ts";
import { ClientApp } from "../../app/client_app.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { FakeDriver } from "../../app/fake_driver.ts";
import { Grid } from "../../app/grid.ts";
import { translateAtNode } from "../../app/legacy/messages.ts";
import type { Message } from "../../app/message.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { SecAggPlus } from "../../app/secagg/secaggplus.ts";
import { secAggPlusMod } from "../../app/secagg/secaggplus_mod.ts";
import { FedAvg } from "../../app/strategy/fedavg.ts";
import { tensor } from "../../tensor/tensor.ts";
import { type Flower, flowerEnvironmentVariables } from "../support/flower.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { repositoryPath } from "../support/repository.ts";
import type { Stage } from "../support/stage.ts";
import { examples, trained } from "./apps/secagg_client/client.ts";
import { flowerScenario } from "./python_scenario.ts";
import { PythonNodes } from "./secagg_nodes.ts";

const APPS = repositoryPath("tests/interop/apps");
/** Each round of a Python node takes four processes. At night a second one, whose keys are new. */
const ROUNDS = NIGHTLY ? 2 : 1;
/** A few steps of quantisation: 16 / 2²², at weights of a twentieth. */
const TOLERANCE = 5e-4;

/** What the ServerApp saw of a round. */
interface SeenRound {
  readonly results: number;
  readonly loss: number;
  readonly weights: readonly (readonly number[])[];
}

/** A node: whose app it runs, and where it fails. Its place is its part of the data. */
interface NodePlan {
  readonly app: "python" | "ours";
  readonly drop?: string;
}

for (const version of ["1.42.0", "1.41.0"] as const) {
  flowerScenario(
    `flwr ${version}: nodes in Python and TypeScript in a run of SecAggPlusWorkflow`,
    async (stage, flowerOf) => {
      const nodes: NodePlan[] = [{ app: "python" }, { app: "ours" }, { app: "ours" }];
      await playWorkflow(stage, await flowerOf(version), nodes);
    },
    { seconds: 240, ignore: version !== "1.41.0" && !NIGHTLY },
  );
}

for (const stage of ["collect_masked_vectors", "unmask"]) {
  flowerScenario(
    `flwr 1.42: a TypeScript node is lost in "${stage}" of SecAggPlusWorkflow`,
    async (where, flowerOf) => {
      const nodes: NodePlan[] = [
        { app: "python" },
        { app: "ours" },
        { app: "python" },
        { app: "ours", drop: stage },
      ];
      await playWorkflow(where, await flowerOf("1.42.0"), nodes);
    },
    { seconds: 240, ignore: !NIGHTLY },
  );
}

for (const version of ["1.42.0", "1.41.0"] as const) {
  flowerScenario(
    `flwr ${version}: SecAggPlus drives nodes with secaggplus_mod and ours, and loses some in each stage`,
    async (_stage, flowerOf) => {
      const { python } = await flowerOf(version);
      await using theirs = new PythonNodes(python);
      for (const numShares of [1, 5]) {
        for (const stage of ["none", "setup", "share_keys", "collect_masked_vectors", "unmask"]) {
          await playServer(theirs, stage, numShares);
        }
      }
    },
    { seconds: 120, ignore: version !== "1.41.0" && !NIGHTLY },
  );
}

/** Ids of four nodes of theirs and three of ours, one above the range of int64. Modulo 100 they are the weights. */
const THEIRS = [110n, 221n, 332n, 2n ** 63n + 45n];
const OURS = [115n, 227n, 2n ** 63n + 51n];

/** Plays two rounds of a TypeScript ServerApp in this process. In the stage one node of each kind is lost. */
async function playServer(theirs: PythonNodes, lostIn: string, numShares: number): Promise<void> {
  const ids = [...THEIRS, ...OURS].sort((a, b) => (a < b ? -1 : 1));
  const lost = lostIn === "none" ? [] : [THEIRS[1]!, OURS[2]!];
  const nodes = new Map(OURS.map((id) => [id, ourNode(id)]));
  const driver = new FakeDriver(ids, async (asked) => {
    const nodeId = asked.metadata.dstNodeId;
    const stage = asked.content.configRecord("secaggplus_configs").string("stage");
    if (stage === lostIn && lost.includes(nodeId)) return asked.replyError(2, "lost");
    const ours = nodes.get(nodeId);
    return await (ours === undefined ? theirs.answer(asked) : ours(asked));
  });
  const strategy = new SecAggPlus(new FedAvg({ fractionEvaluate: 0, minTrainNodes: 7 }), {
    ...{ maxWeight: 100, numShares, reconstructionThreshold: numShares === 5 ? 3 : 0.6 },
  });
  const initialArrays = ArrayRecord.fromTensors({
    a: tensor("float32", [2, 3], new Float32Array(6)),
    b: tensor("float32", [2], new Float32Array(2)),
  });
  const result = await strategy.start(new Grid(driver, 7n), { numRounds: 2, initialArrays });
  const counted = lostIn === "unmask" ? ids : ids.filter((id) => !lost.includes(id));
  const total = counted.reduce((sum, id) => sum + weightOf(id), 0);
  const mean = counted.reduce((sum, id) => sum + Number(id % 7n) * weightOf(id) / total, 0);
  for (const { train } of result.rounds) {
    assert.deepEqual(
      train!.results,
      counted,
      `${lostIn}, ${numShares}: ${train!.failures[0]?.reason}`,
    );
    assert.equal(train!.metrics!.get("loss"), 0.5);
  }
  for (const { dtype, data } of result.arrays.tensors().values()) {
    assert.equal(dtype, "float32");
    for (const value of data) {
      assert.ok(
        Math.abs(Number(value) - 1.5 * mean) < TOLERANCE,
        `${value}, expected ${1.5 * mean}`,
      );
    }
  }
}

const weightOf = (nodeId: bigint) => Number(nodeId % 100n);

/** A node of ours that computes what apps/secagg_nodes.py does: half of what there was, and its number modulo 7. */
function ourNode(nodeId: bigint): (asked: Message) => Promise<Message> {
  const app = new ClientApp({ mods: [secAggPlusMod()] }).train(({ content }) => {
    const tensors = [...content.arrayRecord("arrays").tensors()].map(([name, { shape, data }]) => {
      const trained = Float32Array.from(data as Float32Array, (x) => 0.5 * x + Number(nodeId % 7n));
      return [name, tensor("float32", shape, trained)] as const;
    });
    return {
      arrays: ArrayRecord.fromTensors(tensors),
      metrics: new MetricRecord({ "num-examples": weightOf(nodeId), loss: 0.5 }),
    };
  });
  const [nodeConfig, runConfig] = [new ConfigRecord(), new ConfigRecord()];
  const context = { runId: 7n, nodeId, nodeConfig, runConfig, state: new RecordDict() };
  return async (asked) => {
    const { instruction, reply } = translateAtNode(asked);
    return reply(await app.handle(instruction, context));
  };
}

async function playWorkflow(
  stage: Stage,
  flower: Flower,
  nodes: readonly NodePlan[],
): Promise<void> {
  const env = flowerEnvironmentVariables(stage, "superlink");
  const flags = ["--python", flower.python];
  const { http } = await startSuperLink({ stage, flags, env });
  await Promise.all(nodes.map(({ app, drop = "" }, partition) => {
    const args = [
      ...["supernode", ...app === "ours" ? ["client:app", "--dir", `${APPS}/secagg_client`] : []],
      ...["--superlink", http, "--insecure"],
      ...app === "python" ? [...flags, "--port", "0"] : [],
      ...["--node-config", `partition-id=${partition} drop-stage="${drop}"`],
    ];
    return joined(
      startFlwr(stage, `supernode ${partition}`, args, flowerEnvironmentVariables(stage, "node")),
    );
  }));
  const result = stage.path("result.json");
  const run = startFlwr(stage, "run", [
    ...["run", `${APPS}/secagg`, http, "--insecure", "--stream"],
    ...["-c", `result="${result}" nodes=${nodes.length} num-rounds=${ROUNDS}`],
  ]);
  assert.equal((await run.ended(180)).code, 0);
  const seen: SeenRound[] = JSON.parse(await Deno.readTextFile(result));
  assert.equal(seen.length, ROUNDS);
  const counted = nodes.flatMap(({ drop }, partition) =>
    drop === "collect_masked_vectors" ? [] : [partition]
  );
  assertRounds(seen, counted);
}

/** Compares what a ServerApp saw with the weighted means of the nodes that count, computed in the clear. */
function assertRounds(seen: readonly SeenRound[], partitions: readonly number[]): void {
  const total = partitions.reduce((sum, partition) => sum + examples(partition), 0);
  let model = [
    tensor("float32", [6], new Float32Array(6)),
    tensor("float32", [4], new Float32Array(4)),
  ];
  for (const [round, { results, loss, weights }] of seen.entries()) {
    assert.equal(results, partitions.length);
    assert.equal(loss, 0.5);
    const models = partitions.map((partition) => trained(model, partition));
    model = model.map(({ shape }, array) => {
      const mean = Float32Array.from(
        { length: shape[0]! },
        (_, i) =>
          models.reduce(
            (sum, tensors, place) =>
              sum + Number(tensors[array]!.data[i]!) * examples(partitions[place]!) / total,
            0,
          ),
      );
      return tensor("float32", shape, mean);
    });
    model.forEach(({ data }, array) =>
      weights[array]!.forEach((weight, i) => {
        const expected = Number(data[i]);
        const message = `round ${round + 1}, array ${array}, element ${i}: ${weight}, ${expected}`;
        assert.ok(Math.abs(weight - expected) < TOLERANCE, message);
      })
    );
  }
}
