import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import { FedAvg } from "./fedavg.ts";
import { FedAsync, FedBuff } from "./fedbuff.ts";
import { FedAdam } from "./fedopt.ts";
import { localParameters, type LocalParametersOptions } from "./local_parameters.ts";
import { PartialModel } from "./partial_model.ts";
import { numbersOf, roundOf } from "./testing.ts";

const isLocal = (name: string) => name.startsWith("head.");
const value = (number: number) => tensor("float64", [1], Float64Array.of(number));
const model = (values: Readonly<Record<string, number>>) =>
  ArrayRecord.fromTensors(Object.entries(values).map(([name, n]) => [name, value(n)] as const));
const plain = (arrays: ArrayRecord) =>
  Object.fromEntries([...arrays.keys()].map((name) => [name, numbersOf(arrays, name)[0]]));

/** A node that adds its step to each array, and remembers what its handler was given. */
class Node {
  readonly seen: Record<string, number | undefined>[] = [];
  readonly context: Context;
  readonly #app: ClientApp;

  constructor(readonly nodeId: bigint, step: number, options: LocalParametersOptions = {}) {
    this.context = {
      runId: 7n,
      nodeId,
      nodeConfig: new ConfigRecord(),
      runConfig: new ConfigRecord(),
      state: new RecordDict(),
    };
    const metrics = new MetricRecord({ "num-examples": 1 });
    this.#app = new ClientApp({ mods: [localParameters(isLocal, options)] })
      .train(({ content }) => {
        const arrays = content.arrayRecord("arrays");
        this.seen.push(plain(arrays));
        const next = Object.entries(plain(arrays)).map(([name, n]) =>
          [name, value(n! + step)] as const
        );
        return { arrays: ArrayRecord.fromTensors(next), metrics };
      })
      .evaluate(({ content }) => {
        this.seen.push(plain(content.arrayRecord("arrays")));
        return { metrics };
      });
  }

  answer(message: Message): Promise<Message> {
    return this.#app.handle(message, this.context);
  }
}

async function train(
  strategy: PartialModel,
  nodes: readonly Node[],
  arrays: ArrayRecord,
  number = 1,
) {
  const round = roundOf(arrays, number, nodes.map(({ nodeId }) => nodeId));
  const { messages } = await strategy.configureTrain(round);
  const replies = await Promise.all(messages.map((message, i) => nodes[i]!.answer(message)));
  return { messages, replies, outcome: await strategy.aggregateTrain(round, replies) };
}

Deno.test("FedPer: heads stay on their nodes, and the rest is averaged", async () => {
  const strategy = new PartialModel(new FedAvg(), { isLocal });
  const nodes = [new Node(2n, 1), new Node(3n, 3)];
  const first = await train(strategy, nodes, model({ "base.w": 0, "head.w": 10 }));
  assert.deepEqual(first.replies.map(({ content }) => plain(content.arrayRecord("arrays"))), [
    { "base.w": 1 },
    { "base.w": 3 },
  ]);
  assert.deepEqual(plain(first.outcome.arrays!), { "base.w": 2, "head.w": 10 });
  // Each node continues with its own head, also in evaluation.
  await train(strategy, nodes, first.outcome.arrays!, 2);
  const round = roundOf(first.outcome.arrays!, 2, [2n, 3n]);
  const { messages } = await strategy.configureEvaluate(round);
  const replies = await Promise.all(messages.map((message, i) => nodes[i]!.answer(message)));
  assert.equal((await strategy.aggregateEvaluate(round, replies)).aggregated, true);
  assert.deepEqual(nodes[0]!.seen, [
    { "base.w": 0, "head.w": 10 },
    { "base.w": 2, "head.w": 11 },
    { "base.w": 2, "head.w": 12 },
  ]);
  assert.deepEqual(nodes[1]!.seen[2], { "base.w": 2, "head.w": 16 });
});

Deno.test("local arrays need not be sent: nodes begin with their own, as with LoRA", async () => {
  const strategy = new PartialModel(new FedAvg(), { isLocal, sent: "shared" });
  const initial = () => new Map<string, Tensor>([["head.w", value(100)], ["base.w", value(7)]]);
  const nodes = [new Node(2n, 1, { initial }), new Node(3n, 3, { initial })];
  const { messages, outcome } = await train(strategy, nodes, model({ "base.w": 0, "head.w": 10 }));
  assert.deepEqual(plain(messages[0]!.content.arrayRecord("arrays")), { "base.w": 0 });
  assert.deepEqual(nodes[0]!.seen, [{ "base.w": 0, "head.w": 100 }]);
  assert.deepEqual(plain(outcome.arrays!), { "base.w": 2, "head.w": 10 });
  // The server's model may lack the local arrays as well.
  const small = await train(strategy, nodes, model({ "base.w": 5 }), 2);
  assert.deepEqual(nodes[0]!.seen[1], { "base.w": 5, "head.w": 101 });
  assert.deepEqual(plain(small.outcome.arrays!), { "base.w": 7 });
});

Deno.test("replies that have the local arrays are taken without them; unknown and missing ones are refused", async () => {
  const strategy = new PartialModel(new FedAvg(), { isLocal });
  const round = roundOf(model({ "base.w": 0, "head.w": 10 }), 1, [2n, 3n]);
  const reply = (node: bigint, values: Readonly<Record<string, number>>) =>
    instruction({ dstNodeId: node }).reply({
      arrays: model(values),
      metrics: new MetricRecord({ "num-examples": 1 }),
    });
  const { arrays, failures } = await strategy.aggregateTrain(round, [
    reply(2n, { "base.w": 1, "head.w": NaN }),
    reply(3n, { "base.w": 3 }),
    reply(4n, { "base.w": 3, other: 1 }),
    reply(5n, { "head.w": 3 }),
    reply(6n, { "base.w": NaN }),
  ]);
  assert.deepEqual(plain(arrays!), { "base.w": 2, "head.w": 10 });
  assert.deepEqual(failures.map(({ nodeId }) => nodeId), [4n, 5n, 6n]);
});

Deno.test("another strategy's state and failures are its own", async () => {
  const strategy = new PartialModel(new FedAdam(), { isLocal });
  assert.equal(strategy.name, "FedAdam");
  const nodes = [new Node(2n, 1), new Node(3n, 3)];
  const { outcome } = await train(strategy, nodes, model({ "base.w": 0, "head.w": 10 }));
  const alone = new FedAdam().aggregateTrain(roundOf(model({ "base.w": 0 })), [
    instruction({ dstNodeId: 2n }).reply({
      arrays: model({ "base.w": 2 }),
      metrics: new MetricRecord({ "num-examples": 1 }),
    }),
  ]);
  assert.deepEqual(plain(outcome.arrays!), { ...plain(alone.arrays!), "head.w": 10 });
  const resumed = new PartialModel(new FedAdam(), { isLocal });
  resumed.loadState(strategy.saveState());
  const next = async (strategy: PartialModel) =>
    plain((await train(strategy, nodes, outcome.arrays!, 2)).outcome.arrays!);
  assert.deepEqual(await next(resumed), await next(strategy));
});

Deno.test("a node whose training fails keeps its local arrays", async () => {
  const node = new Node(2n, 1);
  const message = instruction(
    { dstNodeId: 2n },
    new RecordDict({
      arrays: model({ "base.w": 0, "head.w": 10 }),
    }),
  );
  await node.answer(message);
  const mod = localParameters(isLocal);
  const failed = await mod(
    message,
    node.context,
    () => Promise.resolve(message.replyError(2, "no")),
  );
  assert.equal(failed.error?.code, 2);
  await node.answer(message);
  assert.deepEqual(node.seen[1], { "base.w": 0, "head.w": 11 });
});

Deno.test("a predicate that fits no array, or all, and a strategy that overrides start are refused", async () => {
  const all = new PartialModel(new FedAvg(), { isLocal: () => true });
  assert.throws(() => all.configureTrain(roundOf(model({ w: 0 }), 1, [2n, 3n])), /all 1 arrays/);
  const none = undefined as never;
  assert.throws(() => new PartialModel(none, { isLocal }), { code: "invalid-argument" });
  for (const inner of [new FedBuff(), new FedAsync()]) {
    const code = { code: "invalid-argument", message: /overrides start/ };
    assert.throws(() => new PartialModel(inner, { isLocal }), code, inner.name);
  }
  assert.throws(() => new PartialModel(new FedAvg(), { isLocal: true as never }), /isLocal/);
  const sent = "none" as "all";
  assert.throws(() => new PartialModel(new FedAvg(), { isLocal, sent }), /sent must be/);
  const mod = localParameters(isLocal);
  const message = instruction({}, new RecordDict({ arrays: model({ "base.w": 0 }) }));
  const { context } = new Node(2n, 1);
  await assert.rejects(
    async () => await mod(message, context, () => Promise.reject(new Error("not called"))),
    /isLocal names no array/,
  );
});
