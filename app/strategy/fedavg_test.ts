import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import type { ProgressEvent } from "../events.ts";
import { type Answer, FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { FedAvg } from "./fedavg.ts";

const model = (...values: number[]) =>
  ArrayRecord.fromTensors({ w: tensor("float32", [values.length], Float32Array.from(values)) });
const valuesOf = (arrays: ArrayRecord) => [...arrays.tensors().get("w")!.data as Float32Array];

/** Adds its node id to the model; its number of examples is its id; its loss is the model's first number. */
const app = new ClientApp()
  .parameters(() => ({ arrays: model(100) }))
  .train((message, { nodeId }) => {
    const [value] = valuesOf(message.content.arrayRecord("arrays"));
    return {
      arrays: model(value! + Number(nodeId)),
      metrics: new MetricRecord({ "num-examples": nodeId, loss: value! }),
    };
  })
  .evaluate((message, { nodeId }) => {
    const [value] = valuesOf(message.content.arrayRecord("arrays"));
    return { metrics: new MetricRecord({ "num-examples": nodeId, loss: value! }) };
  });

const answer = (message: Message): Promise<Message> => {
  const { runId, dstNodeId: nodeId } = message.metadata;
  const state = new RecordDict();
  return app.handle(message, {
    runId,
    nodeId,
    nodeConfig: new ConfigRecord(),
    state,
    runConfig: new ConfigRecord(),
  });
};

function setUp(online = [1n, 3n], answerOf: Answer = answer) {
  const driver = new FakeDriver(online, answerOf);
  const grid = new Grid(driver, 7n, { clock: new FakeClock() });
  const events: ProgressEvent[] = [];
  grid.subscribe((event) => events.push(event));
  return { driver, grid, events };
}

Deno.test("FedAvg trains, averages by examples, and evaluates, round by round", async () => {
  const { driver, grid } = setUp();
  const result = await new FedAvg().start(grid, { numRounds: 2, initialArrays: model(0) });
  // Round 1: (1·(0+1) + 3·(0+3)) / 4 = 2.5; round 2: 2.5 + 2.5 = 5
  assert.deepEqual(valuesOf(result.arrays), [5]);
  assert.deepEqual([...result.trainMetrics].map(([round, m]) => [round, m.get("loss")]), [
    [1, 0],
    [2, 2.5],
  ]);
  assert.deepEqual([...result.evaluateMetrics].map(([round, m]) => [round, m.get("loss")]), [
    [1, 2.5],
    [2, 5],
  ]);
  assert.deepEqual(driver.pushed.map(({ metadata }) => [metadata.messageType, metadata.groupId]), [
    ["train", "1"],
    ["train", "1"],
    ["evaluate", "1"],
    ["evaluate", "1"],
    ["train", "2"],
    ["train", "2"],
    ["evaluate", "2"],
    ["evaluate", "2"],
  ]);
});

Deno.test("instructions of a phase share one content, with the round in its config", async () => {
  const { driver, grid } = setUp();
  await new FedAvg({ arrayrecordKey: "arrays", fractionEvaluate: 0 }).start(grid, {
    numRounds: 1,
    initialArrays: model(0),
    trainConfig: (round) => ({ lr: 0.1 / round }),
    timeout: 60,
  });
  const [a, b] = driver.pushed;
  assert.equal(a!.content, b!.content);
  assert.deepEqual(a!.content.configRecord("config").toObject(), { lr: 0.1, "server-round": 1 });
  assert.equal(a!.metadata.ttl, 60);
});

Deno.test("the record and weight names are options", async () => {
  const { driver, grid } = setUp([1n], (message) =>
    message.reply({
      model: message.content.arrayRecord("model"),
      measured: new MetricRecord({ weight: 2.5, loss: 1 }),
    }));
  const strategy = new FedAvg({
    arrayrecordKey: "model",
    configrecordKey: "settings",
    weightedByKey: "weight",
    minTrainNodes: 1,
    minAvailableNodes: 1,
    fractionEvaluate: 0,
  });
  const result = await strategy.start(grid, { numRounds: 1, initialArrays: model(4) });
  assert.deepEqual([...driver.pushed[0]!.content.keys()], ["model", "settings"]);
  assert.deepEqual(valuesOf(result.arrays), [4]);
  assert.deepEqual(result.trainMetrics.get(1)?.toObject(), { loss: 1 });
});

Deno.test("without initial arrays one node is asked, and the next one if it has none", async () => {
  const asked: bigint[] = [];
  const { grid, events } = setUp([1n, 3n], (message) => {
    const { messageType, dstNodeId } = message.metadata;
    if (messageType !== "get_parameters") return answer(message);
    asked.push(dstNodeId);
    return asked.length === 1 ? message.replyError(2, "no model here") : answer(message);
  });
  const result = await new FedAvg({ seed: 1 }).start(grid, { numRounds: 1 });
  assert.deepEqual(valuesOf(result.arrays), [102.5]);
  assert.deepEqual(asked.toSorted(), [1n, 3n]);
  const initial = events.find((event) => event.type === "initial-arrays");
  assert.deepEqual(initial, { type: "initial-arrays", nodeId: asked[1], arrays: 1, bytes: 132 });
});

Deno.test("when no node has initial arrays the run ends and says how to provide them", async () => {
  const { grid } = setUp([1n], (message) => message.replyError(2, "no model here"));
  await assert.rejects(new FedAvg().start(grid), (error: Error & { hints: string[] }) => {
    assert.match(error.message, /^No node sent initial arrays: .*no model here$/);
    assert.equal(error.hints.length, 2);
    return true;
  });
});

Deno.test("a failure is left out of the average, and the record names it", async () => {
  const { grid } = setUp(
    [1n, 2n, 3n],
    (message) =>
      message.metadata.dstNodeId === 2n ? message.replyError(2, "boom") : answer(message),
  );
  const result = await new FedAvg().start(grid, { numRounds: 1, initialArrays: model(0) });
  assert.deepEqual(valuesOf(result.arrays), [2.5]);
  const { train } = result.rounds[0]!;
  assert.deepEqual(train?.nodeIds, [1n, 2n, 3n]);
  assert.deepEqual(train?.results, [1n, 3n]);
  assert.deepEqual(train?.failures, [{ nodeId: 2n, code: 2, reason: "boom" }]);
  assert.equal(train?.aggregated, true);
});

Deno.test("acceptFailures: false leaves the model as it is after a failure", async () => {
  let round = 0;
  const { grid } = setUp([1n, 3n], (message) => {
    round = Number(message.metadata.groupId);
    return round === 1 && message.metadata.dstNodeId === 3n
      ? message.replyError(2, "boom")
      : answer(message);
  });
  const strategy = new FedAvg({ acceptFailures: false, fractionEvaluate: 0 });
  const result = await strategy.start(grid, { numRounds: 2, initialArrays: model(0) });
  assert.deepEqual(valuesOf(result.arrays), [2.5]); // round 2 only
  assert.equal(result.rounds[0]!.train?.aggregated, false);
  assert.equal(result.rounds[0]!.train?.metrics, undefined);
  assert.deepEqual(result.rounds[0]!.train?.results, [1n]);
});

Deno.test("SuperNodes of Python that cannot load a TypeScript app are distinguished from apps that fail", async () => {
  const hintsAfter = async (reason: string) => {
    const { grid } = setUp([1n, 3n], (message) => message.replyError(2, reason));
    const running = new FedAvg().start(grid, { numRounds: 1, initialArrays: model(0) });
    const error = await running.then(() => assert.fail("trained"), FlwrError.from);
    assert.equal(error.code, "failed-precondition");
    return error.hints;
  };
  // the messages of 1.41 and 1.29
  const missing = "<class 'ModuleNotFoundError'>:<'No module named 'client''>";
  const unloaded = "An exception was raised when attempting to load `ClientApp`";
  for (const reason of [missing, unloaded]) {
    assert.match((await hintsAfter(reason)).join(), /cannot run a TypeScript ClientApp/);
  }
  assert.deepEqual(await hintsAfter("<class 'ValueError'>:<'boom'>"), []);
});

Deno.test("replies whose weights are all 0 are refused", async () => {
  const { grid } = setUp([1n, 3n], (message) =>
    message.reply({
      arrays: message.content.arrayRecord("arrays"),
      metrics: new MetricRecord({ "num-examples": 0 }),
    }));
  await assert.rejects(
    new FedAvg().start(grid, { numRounds: 1, initialArrays: model(0) }),
    {
      code: "failed-precondition",
      message: "Training failed in every round. Last error, from node 3: " +
        'Reply rejected: metric "num-examples" is 0 in every reply',
    },
  );
});

Deno.test("the average does not depend on the order in which replies arrive", async () => {
  const run = async (late: bigint) => {
    const { grid } = setUp([1n, 2n, 3n], async (message) => {
      if (message.metadata.dstNodeId === late) await new Promise(setImmediate);
      const reply = await answer(message);
      return reply.withContent({
        arrays: model(0.1 * Number(reply.metadata.srcNodeId)),
        metrics: reply.content.metricRecord("metrics"),
      });
    });
    const strategy = new FedAvg({ fractionEvaluate: 0 });
    return valuesOf((await strategy.start(grid, { numRounds: 1, initialArrays: model(0) })).arrays);
  };
  const [first, second, third] = [await run(1n), await run(2n), await run(3n)];
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
});

Deno.test("a seed chooses the same nodes in each run", async () => {
  const chosen = async (seed: number) => {
    const { driver, grid } = setUp([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    const strategy = new FedAvg({ seed, fractionTrain: 0.5, fractionEvaluate: 0 });
    await strategy.start(grid, { initialArrays: model(0) });
    return driver.pushed.map(({ metadata }) => metadata.dstNodeId);
  };
  assert.deepEqual(await chosen(5), await chosen(5));
  assert.notDeepEqual(await chosen(5), await chosen(6));
  assert.equal((await chosen(5)).length, 12); // 3 rounds of 4
});

Deno.test("metrics can be aggregated in another way", async () => {
  const { grid } = setUp();
  const count = (replies: readonly unknown[]) => new MetricRecord({ nodes: replies.length });
  const strategy = new FedAvg({ trainMetricsAggrFn: count, evaluateMetricsAggrFn: count });
  const result = await strategy.start(grid, { numRounds: 1, initialArrays: model(0) });
  assert.equal(result.trainMetrics.get(1)?.get("nodes"), 2);
  assert.equal(result.evaluateMetrics.get(1)?.get("nodes"), 2);
});

Deno.test("options out of range are refused by name", () => {
  assert.throws(
    () => new FedAvg({ fractionTrain: 1.5 }),
    /fractionTrain must be a number from 0 to 1: got 1.5/,
  );
  assert.throws(() => new FedAvg({ fractionEvaluate: NaN }), /fractionEvaluate/);
  assert.throws(
    () => new FedAvg({ minTrainNodes: 0 }),
    /minTrainNodes must be a whole number from 1: got 0/,
  );
  assert.throws(() => new FedAvg({ minAvailableNodes: 1.5 }), /minAvailableNodes/);
});

Deno.test("failures and results are in the order of node ids, errors with their code", async () => {
  const { grid } = setUp([6n, 7n, 8n, 9n], (message) => {
    const { dstNodeId } = message.metadata;
    if (dstNodeId === 8n) return message.replyError(2, "boom");
    return dstNodeId === 7n ? message.reply({}) : answer(message);
  });
  const strategy = new FedAvg({ fractionEvaluate: 0 });
  const result = await strategy.start(grid, { numRounds: 1, initialArrays: model(0) });
  const { train } = result.rounds[0]!;
  assert.deepEqual(train?.results, [6n, 9n]);
  assert.deepEqual(train?.failures, [
    { nodeId: 7n, reason: "Reply rejected: expected 1 MetricRecord, got 0" },
    { nodeId: 8n, code: 2, reason: "boom" },
  ]);
});
