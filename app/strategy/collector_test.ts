import assert from "node:assert/strict";
import { type Random, seededRandom, systemRandom } from "../../base/random.ts";
import { FakeClock } from "../../base/clock.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { DriverConnection } from "../connection.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import type { Aggregator } from "./aggregator/aggregator.ts";
import { WeightedMean } from "./aggregator/mean.ts";
import { ComposedStrategy } from "./composed_strategy.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { FedAdam } from "./fedopt.ts";
import { FedMedian } from "./order_statistics.ts";
import type { Strategy } from "./strategy.ts";

const LENGTH = 100;
const BYTES = 4 * LENGTH;
const floats = (make: (index: number) => number) =>
  ArrayRecord.fromTensors({
    w: tensor("float32", [LENGTH], Float32Array.from({ length: LENGTH }, (_, i) => make(i))),
  });

/** A grid whose nodes reply in a given order. */
function gridOf(order: readonly NodeId[], replyOf: (instruction: Message) => Message) {
  let instructions: readonly Message[] = [];
  const connection: DriverConnection = {
    createRun: () => Promise.resolve(7n),
    nodes: () => Promise.resolve(order.map((nodeId) => ({ nodeId }))),
    push(_runId, pushed) {
      instructions = pushed.map((one, i) => one.withMetadata({ messageId: `m${i}` }));
      return Promise.resolve(instructions.map(({ metadata }) => metadata.messageId));
    },
    pull: () => Promise.reject(new Error("all at once")),
    async *pullEach() {
      for (const nodeId of order) {
        yield replyOf(instructions.find(({ metadata }) => metadata.dstNodeId === nodeId)!);
      }
    },
    close: () => {},
  };
  return new Grid(connection, 7n, { clock: new FakeClock() });
}

const replyWith = (arrays: ArrayRecord, examples: number) => (message: Message) =>
  message.reply({
    arrays,
    metrics: new MetricRecord({ "num-examples": examples, loss: examples }),
  });

async function train(
  strategy: Strategy,
  order: readonly NodeId[],
  replies: ReadonlyMap<NodeId, (instruction: Message) => Message>,
  numRounds = 1,
) {
  const grid = gridOf(order, (message) => replies.get(message.metadata.dstNodeId)!(message));
  const result = await strategy.start(grid, { numRounds, initialArrays: floats(() => 0) });
  const train = result.rounds.map((round) => round.train!);
  return { train, values: result.arrays.viewTensors().get("w")!.data, result };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items.map((item) => [random.uniform(), item] as const)
    .sort(([a], [b]) => a - b).map(([, item]) => item);
}

Deno.test("replies that exceed the bound are added as they arrive: any order gives equal bits, state and metrics", async (t) => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  const nodes = Array.from({ length: 12 }, (_, i) => BigInt(i + 2));
  const replies = new Map(nodes.map((nodeId) => [
    nodeId,
    replyWith(
      floats(() => (random.uniform() - 0.5) * 2 ** Math.floor(30 * random.uniform() - 15)),
      Math.ceil(1000 * random.uniform()),
    ),
  ]));
  // None is held; the bound is exceeded in the middle; all are held.
  for (const maxHeldBytes of [0, 5 * BYTES, 12 * BYTES]) {
    await t.step(`at most ${maxHeldBytes} bytes, seed ${seed}`, async () => {
      const options = { maxHeldBytes, fractionEvaluate: 0 };
      const first = await train(new FedAdam(options), nodes, replies, 2);
      for (let order = 0; order < 5; order++) {
        const other = await train(new FedAdam(options), shuffled(nodes, random), replies, 2);
        assert.deepEqual(other.values, first.values);
        assert.deepEqual(
          other.train.map(({ metrics }) => metrics),
          first.train.map(({ metrics }) => metrics),
        );
        assert.deepEqual(other.train.map(({ results }) => results), [nodes, nodes]);
      }
    });
  }
});

Deno.test("both ways to sum agree to the last place", async () => {
  const nodes = [2n, 3n, 4n];
  const replies = new Map(
    nodes.map((id) => [id, replyWith(floats((i) => Math.sin(i + Number(id))), Number(id))]),
  );
  const [held, streamed] = [
    await train(new FedAvg({ fractionEvaluate: 0 }), nodes, replies),
    await train(new FedAvg({ fractionEvaluate: 0, maxHeldBytes: 0 }), nodes, replies),
  ];
  held.values.forEach((value, i) => {
    assert.ok(Math.abs(Number(value) - Number(streamed.values[i])) <= 2 ** -23);
  });
});

/** The weighted mean, and how many replies it could have held. */
function watched(): { aggregator: Aggregator; known: () => number } {
  const mean = new WeightedMean();
  let known = -1;
  const aggregator: Aggregator = {
    streams: true,
    begin(round, replies) {
      known = replies?.length ?? 0;
      return mean.begin(round, replies);
    },
  };
  return { aggregator, known: () => known };
}

Deno.test("the ServerApp releases each reply that it has added, and its metrics' arrays", async () => {
  const nodes = Array.from({ length: 20 }, (_, i) => BigInt(i + 2));
  const contents: Tensor[][] = [];
  const { aggregator, known } = watched();
  const strategy = new ComposedStrategy({
    aggregator,
    maxHeldBytes: 3 * BYTES,
    trainMetricsAggrFn(replies) {
      contents.push(replies.flatMap(({ tensors }) => [...tensors.values()]));
      assert.deepEqual(
        replies.map(({ content }) => [...content.keys()]),
        nodes.map(() => ["metrics"]),
      );
      return new MetricRecord({ replies: replies.length });
    },
  });
  const replies = new Map(nodes.map((id) => [id, replyWith(floats(() => Number(id)), 1)]));
  const { train: [round] } = await train(strategy, nodes, replies);
  assert.equal(known(), 0);
  assert.deepEqual(contents, [[]]);
  assert.equal(round!.metrics?.get("replies"), 20);
});

Deno.test("a model that is not finite, of replies that were added as they came, leaves the old one and names the largest update", async () => {
  const nodes = [2n, 3n, 4n];
  const odd = replyWith(floats(() => 3e38), 2);
  // 3e38 itself is sound; FedAdam's state of (3e38)² is sound, too, in doubles: the rule makes it overflow.
  const strategy = (options: FedAvgOptions) =>
    new FedAvg({ maxUpdateNorm: Infinity, fractionEvaluate: 0, ...options }, {
      rule: {
        apply: (_round, aggregate) =>
          new Map([...aggregate].map(([name, { shape, data }]) => [
            name,
            tensor("float32", shape, Float32Array.from(data as Float32Array, (x) => 4 * x)),
          ])),
      },
    });
  for (const order of [nodes, nodes.toReversed()]) {
    const replies = new Map([
      [2n, replyWith(floats(() => 1), 1)],
      [3n, odd],
      [4n, replyWith(floats(() => 2), 1)],
    ]);
    const running = train(strategy({ maxHeldBytes: 0 }), order, replies);
    await assert.rejects(running, (error: Error) => {
      assert.match(error.message, /from node 3: The old model stays, because .*not finite/);
      assert.match(error.message, /update is the largest \(norm 3e\+39\)/);
      return true;
    });
    // Held, the reply is left out instead.
    const { values, train: [round] } = await train(strategy({}), order, replies);
    assert.equal(values[0], 6);
    assert.deepEqual(round!.failures.map(({ nodeId }) => nodeId), [3n]);
  }
});

Deno.test("errors, refused replies and missing weights count as before when replies are streamed", async () => {
  const nodes = [2n, 3n, 4n, 5n];
  const replies = new Map<NodeId, (message: Message) => Message>([
    [2n, (message) => message.replyError(2, "boom")],
    [3n, replyWith(floats(() => 1), 1)],
    [4n, replyWith(ArrayRecord.fromTensors({}), 1)],
    [5n, replyWith(floats(() => 5), 1)],
  ]);
  const options = { maxHeldBytes: 0, fractionEvaluate: 0 };
  const { values, train: [round] } = await train(new FedAvg(options), nodes, replies);
  assert.equal(values[0], 3);
  assert.deepEqual(round!.results, [3n, 5n]);
  assert.deepEqual(round!.failures.map(({ nodeId }) => nodeId), [2n, 4n]);
  const strict = new FedAvg({ ...options, acceptFailures: false });
  await assert.rejects(train(strict, nodes, replies), { code: "failed-precondition" });
  const weightless = new Map(nodes.map((id) => [id, replyWith(floats(() => 1), 0)]));
  await assert.rejects(train(new FedAvg(options), nodes, weightless), /is 0 in every reply/);
});

Deno.test("strategies that need all replies, or override a hook, get all of them", async () => {
  const nodes = [2n, 3n, 4n];
  const replies = new Map(nodes.map((id) => [id, replyWith(floats(() => Number(id) ** 2), 1)]));
  const seen: number[] = [];
  class Hooked extends FedAvg {
    protected override selectReplies(all: readonly CheckedReply[]) {
      seen.push(...all.map(({ tensors }) => tensors.size));
      return all.slice(0, 2);
    }
  }
  class Overridden extends FedAvg {
    override aggregateTrain(...[round, all]: Parameters<FedAvg["aggregateTrain"]>) {
      seen.push(all.length);
      return super.aggregateTrain(round, all);
    }
  }
  const options = { maxHeldBytes: 0, fractionEvaluate: 0 };
  assert.equal((await train(new FedMedian(options), nodes, replies)).values[0], 9);
  assert.equal((await train(new Hooked(options), nodes, replies)).values[0], 6.5);
  assert.equal(
    (await train(new Overridden(options), nodes, replies)).values[0],
    Math.fround(29 / 3),
  );
  assert.deepEqual(seen, [1, 1, 1, 3]);
});
