import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { coordinateMedian } from "./aggregator/order_statistics.ts";
import { multiKrum } from "./aggregator/krum.ts";
import { Sum } from "./aggregator/mean.ts";
import { ComposedStrategy, type ComposedStrategyOptions } from "./composed_strategy.ts";
import { ModelContract } from "./contract/model_contract.ts";
import type { ReplyContract } from "./contract/reply_contract.ts";
import { FedAdam } from "./fedopt.ts";
import { FedAvg } from "./fedavg.ts";
import type { Postprocessor } from "./postprocessor/postprocessor.ts";
import { adamRule } from "./rule/adaptive.ts";
import { ListedNodes } from "./selection/listed_nodes.ts";
import type { Strategy } from "./strategy.ts";

const doubles = (...values: number[]) =>
  tensor("float64", [values.length], Float64Array.from(values));
const record = (tensors: { [name: string]: Tensor }) => ArrayRecord.fromTensors(tensors);
const read = (arrays: ArrayRecord) =>
  Object.fromEntries(
    [...arrays.tensors()].map(([name, { data }]) => [name, [...data].map(Number)]),
  );
const replied = (message: Message, tensors: { [name: string]: Tensor }, examples = 1) =>
  message.reply({
    arrays: record(tensors),
    metrics: new MetricRecord({ "num-examples": examples }),
  });

type Answer = (message: Message, node: NodeId) => Message;

async function run(
  strategy: Strategy,
  answer: Answer,
  { sent = { w: doubles(0) } as { [name: string]: Tensor }, numRounds = 1, online = [2n, 3n, 4n] } =
    {},
) {
  const driver = new FakeDriver(online, (message) => answer(message, message.metadata.dstNodeId));
  const grid = new Grid(driver, 7n, { clock: new FakeClock() });
  const result = await strategy.start(grid, { numRounds, initialArrays: record(sent) });
  return { result, driver };
}

/** Nodes 2, 3, 4, … answer training with a model; evaluation with their number as loss. */
const training = (train: Answer): Answer => (message, node) =>
  message.metadata.messageType === "train"
    ? train(message, node)
    : message.reply({ metrics: new MetricRecord({ "num-examples": 1, loss: Number(node) }) });

Deno.test("a composed strategy without parts is federated averaging", async () => {
  const answer = training((message, node) =>
    replied(message, { w: doubles(Number(node) / 10) }, Number(node))
  );
  const [composed, fedavg] = [
    await run(new ComposedStrategy(), answer, { numRounds: 2 }),
    await run(new FedAvg(), answer, { numRounds: 2 }),
  ];
  assert.deepEqual(composed.result.arrays, fedavg.result.arrays);
  assert.deepEqual(
    [...composed.result.evaluateMetrics].map(([round, m]) => [round, m.toObject()]),
    [...fedavg.result.evaluateMetrics].map(([round, m]) => [round, m.toObject()]),
  );
});

Deno.test("parts are combined freely: listed nodes, their median, Adam at the server", async () => {
  const options: ComposedStrategyOptions = {
    selection: new ListedNodes([2n, 3n, 4n]),
    aggregator: coordinateMedian(),
    rule: adamRule({ eta: 0.5 }),
  };
  const answer = training((message, node) =>
    replied(message, { w: doubles([1, 2, 100][Number(node) - 2]!) })
  );
  const { result, driver } = await run(new ComposedStrategy(options), answer, {
    online: [2n, 3n, 4n, 5n],
  });
  // The same step as FedAdam's on nodes that all reply with the median.
  const same = training((message) => replied(message, { w: doubles(2) }));
  const expected = await run(new FedAdam({ eta: 0.5 }), same);
  assert.deepEqual(read(result.arrays), read(expected.result.arrays));
  assert.ok(driver.pushed.every(({ metadata }) => metadata.dstNodeId !== 5n));
});

Deno.test("Krum as a part: metrics and results are those of the chosen nodes", async () => {
  const answer = training((message, node) =>
    replied(message, { w: doubles([1, 1.5, 100][Number(node) - 2]!) })
  );
  const strategy = new ComposedStrategy({ aggregator: multiKrum({ numNodesToSelect: 2 }) });
  const { result } = await run(strategy, answer);
  assert.deepEqual(read(result.arrays), { w: [1.25] });
  assert.deepEqual(result.rounds[0]!.train?.results, [2n, 3n]);
});

Deno.test("a strategy of its own contract: sums of vectors that are not models", async () => {
  const contract: ReplyContract = {
    check({ metadata: { srcNodeId: nodeId }, content }, { phase }) {
      const metrics = new MetricRecord();
      if (phase === "evaluate") return { nodeId, weight: 1, tensors: new Map(), metrics, content };
      const tensors = content.arrayRecord("masked").viewTensors();
      if (!tensors.has("v")) throw new FlwrError("invalid-argument", 'expected array "v"');
      return { nodeId, weight: 1, tensors, metrics, content };
    },
  };
  const strategy = new ComposedStrategy({
    contract,
    aggregator: new Sum(),
    rule: { apply: (_round, aggregate) => new Map([["w", aggregate.get("v")!]]) },
  });
  const { result } = await run(
    strategy,
    (message, node) =>
      message.reply({
        masked: record(node === 4n ? { odd: doubles(1) } : { v: doubles(Number(node)) }),
      }),
  );
  assert.deepEqual(read(result.arrays), { w: [5] });
  assert.deepEqual(result.rounds[0]!.train?.failures, [
    { nodeId: 4n, reason: 'Reply rejected: expected array "v"' },
  ]);
});

Deno.test("personal parameters stay on the nodes: those that no node sends stay as they are", async () => {
  const strategy = new ComposedStrategy({
    contract: new ModelContract({ arrays: (name) => !name.startsWith("head.") }),
    rule: adamRule(),
  });
  const sent = { "body.w": doubles(0, 0), "head.w": doubles(7) };
  const answer = training((message) => replied(message, { "body.w": doubles(1, -1) }));
  const { result } = await run(strategy, answer, { sent });
  const { "body.w": body, "head.w": head } = read(result.arrays);
  assert.deepEqual(head, [7]);
  assert.ok(body![0]! > 0 && body![1]! < 0);
  assert.deepEqual(Object.keys(read(result.arrays)), ["body.w", "head.w"]);
});

Deno.test("postprocessors: config, decoding, replies and the aggregate, in training only", async () => {
  const halved: Postprocessor = {
    config: ({ number }) => ({ scale: 0.5 * number }),
    decode(content) {
      const arrays = content.arrayRecord("arrays").tensors();
      const w = arrays.get("w")!;
      if (w.dtype !== "float32") throw new FlwrError("invalid-argument", "it is not encoded");
      const decoded = record({ w: doubles(...[...w.data].map((x) => 2 * Number(x))) });
      return new RecordDict([...content, ["arrays", decoded]]);
    },
    onReply: (reply) => ({ ...reply, weight: 1 }),
    onAggregate: ({ arrays }) => ({
      arrays: new Map(
        [...arrays].map(([name, { data }]) => [name, doubles(Number(data[0]) + 100)]),
      ),
    }),
  };
  const strategy = new ComposedStrategy({ postprocessors: [halved] });
  const answer = training((message, node) => {
    if (node === 4n) return replied(message, { w: doubles(1) });
    const w = tensor("float32", [1], Float32Array.of(Number(node) / 2));
    return replied(message, { w }, Number(node) * 10);
  });
  const { result, driver } = await run(strategy, answer);
  assert.deepEqual(read(result.arrays), { w: [102.5] });
  assert.match(result.rounds[0]!.train!.failures[0]!.reason, /^Reply rejected: it is not encoded$/);
  const scales = driver.pushed.map(({ metadata, content }) => [
    metadata.messageType,
    content.configRecord("config").get("scale"),
  ]);
  assert.deepEqual(scales, [
    ["train", 0.5],
    ["train", 0.5],
    ["train", 0.5],
    ["evaluate", undefined],
    ["evaluate", undefined],
    ["evaluate", undefined],
  ]);
});

Deno.test("a strategy's state is saved and loaded exactly, so that a run can go on", async () => {
  const answer = training((message, node) => {
    const [value] = message.content.arrayRecord("arrays").tensors().get("w")!.data;
    return replied(message, { w: doubles(Number(value) + Number(node) / 7) });
  });
  const whole = await run(new FedAdam(), answer, { numRounds: 4 });
  const before = new FedAdam();
  const half = await run(before, answer, { numRounds: 2 });
  const after = new FedAdam();
  after.loadState(before.saveState());
  // Rounds 3 and 4, as a resumed run would make them.
  let { arrays } = half.result;
  for (const number of [3, 4]) {
    const grid = new Grid(new FakeDriver([2n, 3n, 4n], (m) => answer(m, m.metadata.dstNodeId)), 7n);
    const round = { number, arrays, config: new ConfigRecord(), grid };
    const { messages } = await after.configureTrain(round);
    arrays = after.aggregateTrain(round, await grid.sendAndReceive(messages)).arrays!;
  }
  assert.deepEqual(read(arrays), read(whole.result.arrays));
});

Deno.test("a state that is not one is refused, and leaves the strategy as it is", async () => {
  const strategy = new FedAdam();
  await run(strategy, training((message) => replied(message, { w: doubles(3) })));
  const saved = strategy.saveState();
  const states: RecordDict[] = [
    new RecordDict({ first: record({ w: doubles(NaN) }), types: saved.configRecord("types") }),
    new RecordDict({
      first: record({ w: tensor("float32", [1], new Float32Array(1)) }),
      types: saved.configRecord("types"),
    }),
    new RecordDict(),
  ];
  for (const state of states) assert.throws(() => strategy.loadState(state), FlwrError);
  assert.deepEqual([...strategy.saveState().keys()], [...saved.keys()]);
  assert.deepEqual(
    read(strategy.saveState().arrayRecord("first")),
    read(saved.arrayRecord("first")),
  );
});
