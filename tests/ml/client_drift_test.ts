/**
 * What SCAFFOLD and FedDyn are for: with several local steps on different data, FedAvg converges beside the optimum, and
 * they converge to it. The nodes train with the real engine.
 */
import assert from "node:assert/strict";
import {
  ArrayRecord,
  ConfigRecord,
  type Context,
  dense,
  dynRound,
  FedAvg,
  FedDyn,
  meanSquaredError,
  type Message,
  MetricRecord,
  Model,
  RecordDict,
  Scaffold,
  scaffoldRound,
  sequential,
  sgd,
  tensor,
} from "flwr";
import { FakeClock } from "../../base/clock.ts";
import { FakeDriver } from "../../app/fake_driver.ts";
import { Grid } from "../../app/grid.ts";

const NODES = [2n, 3n];
/** Each node's only example, (x, y): losses w² and 3(w − 1)². Their sum is least where 2w + 6(w − 1) = 0: at 0.75. */
const EXAMPLES = [[1, 0], [Math.sqrt(3), Math.sqrt(3)]] as const;
const OPTIMUM = 0.75;
/** Each step moves by 0.05·2 = 0.1 of the slope of half the loss. */
const RATE = 0.05;
const STEPS = 10;

const one = (value: number) => tensor("float32", [1, 1], Float32Array.of(value));

/** A node's reply, with what the strategy needs of it. */
type Train = (message: Message, context: Context, node: Node) => Promise<Message>;

interface Node {
  readonly model: Model;
  readonly data: { readonly x: ReturnType<typeof one>; readonly y: ReturnType<typeof one> };
}

async function weightAfter(rounds: number, strategy: FedAvg, train: Train): Promise<number> {
  const nodes = EXAMPLES.map(([x, y]) => ({
    model: new Model({
      network: sequential(dense({ name: "line", in: 1, out: 1, bias: false })),
      input: { shape: [1], dtype: "float32" },
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: RATE }),
    }),
    data: { x: one(x), y: one(y) },
  }));
  const contexts = NODES.map((nodeId): Context => ({
    runId: 7n,
    nodeId,
    nodeConfig: new ConfigRecord(),
    runConfig: new ConfigRecord(),
    state: new RecordDict(),
  }));
  const grid = new Grid(new FakeDriver([...NODES], () => undefined), 7n, {
    clock: new FakeClock(),
  });
  let arrays = ArrayRecord.fromTensors({ "line.weight": one(0) });
  for (let number = 1; number <= rounds; number++) {
    const round = { number, arrays, config: new ConfigRecord(), grid };
    const { messages } = await strategy.configureTrain(round);
    const replies = [];
    for (const [i, message] of messages.entries()) {
      nodes[i]!.model.setParameters(message.content.arrayRecord("arrays").tensors());
      replies.push(await train(message, contexts[i]!, nodes[i]!));
    }
    const outcome = strategy.aggregateTrain(round, replies);
    assert.deepEqual(outcome.failures, []);
    arrays = outcome.arrays!;
  }
  for (const { model } of nodes) await model[Symbol.asyncDispose]();
  return Number(arrays.viewTensors().get("line.weight")!.data[0]);
}

const answer = (model: Model) => ({
  arrays: ArrayRecord.fromTensors(model.getParameters()),
  metrics: new MetricRecord({ "num-examples": 1 }),
});

Deno.test("FedAvg converges beside the optimum of nodes with different data", async () => {
  // Nodes map x to 0.9¹⁰·x and 1 + 0.7¹⁰·(x − 1): the mean's fixed point is (1 − 0.7¹⁰)/(2 − 0.9¹⁰ − 0.7¹⁰) = 0.5987.
  const weight = await weightAfter(25, new FedAvg(), async (message, _, { model, data }) => {
    await model.fit(data, { epochs: STEPS });
    return message.reply(answer(model));
  });
  assert.ok(Math.abs(weight - (1 - 0.7 ** 10) / (2 - 0.9 ** 10 - 0.7 ** 10)) < 1e-4, `${weight}`);
});

Deno.test("SCAFFOLD converges to the optimum", async () => {
  const weight = await weightAfter(40, new Scaffold(), async (message, context, node) => {
    const { model, data } = node;
    const { correction, finish } = scaffoldRound(message, context);
    const { steps } = await model.fit(data, { epochs: STEPS, correction });
    const parameters = model.getParameters();
    return message.reply({
      ...answer(model),
      ...finish({ parameters, steps, learningRate: RATE }),
    });
  });
  assert.ok(Math.abs(weight - OPTIMUM) < 1e-3, `${weight}`);
});

Deno.test("FedDyn converges to the optimum", async () => {
  const weight = await weightAfter(40, new FedDyn({ alpha: 2 }), async (message, context, node) => {
    const { model, data } = node;
    const { correction, proximal, finish } = dynRound(message, context);
    await model.fit(data, { epochs: STEPS, correction, proximal });
    finish(model.getParameters());
    return message.reply(answer(model));
  });
  assert.ok(Math.abs(weight - OPTIMUM) < 1e-3, `${weight}`);
});
