/**
 * Aggregates replies with this project's strategies:
 *
 *     deno run -A flwr_peer.ts REPLIES ELEMENTS REPEAT [STRATEGY…]
 *
 * Prints the seconds of each strategy, the best of several rounds, as JSON. Those after a strategy's "last reply" count
 * from its arrival, when the others have been added while they arrived.
 */
import { FakeDriver } from "../../app/fake_driver.ts";
import { ArrayRecord } from "../../app/array_record.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { Grid } from "../../app/grid.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import type { Exchange } from "../../app/exchange.ts";
import type { Message } from "../../app/message.ts";
import { Bulyan } from "../../app/strategy/bulyan.ts";
import { FedAvg } from "../../app/strategy/fedavg.ts";
import { FedAvgM } from "../../app/strategy/fedavgm.ts";
import { FedAdagrad, FedAdam, FedYogi } from "../../app/strategy/fedopt.ts";
import { Krum, MultiKrum } from "../../app/strategy/krum.ts";
import { FedMedian, FedTrimmedAvg } from "../../app/strategy/order_statistics.ts";
import { QFedAvg } from "../../app/strategy/qfedavg.ts";
import { instruction } from "../../app/testing.ts";
import { seededRandom } from "../../base/random.ts";
import { tensor } from "../../tensor/tensor.ts";

const [replies, elements, repeat] = Deno.args.map(Number) as [number, number, number];
/** Names of strategies; none: all. */
const only = Deno.args.slice(3);
const isMeasured = ({ name }: { readonly name: string }) =>
  only.length === 0 || only.includes(name);
const random = seededRandom(1);
const model = () =>
  ArrayRecord.fromTensors({
    w: tensor(
      "float32",
      [elements],
      Float32Array.from({ length: elements }, () => random.uniform() - 0.5),
    ),
  });
const grid = new Grid(new FakeDriver([], () => undefined), 7n);
const arrays = model();
const answers = Array.from(
  { length: replies },
  (_, node) =>
    instruction({ dstNodeId: BigInt(node + 2) }).reply({
      arrays: model(),
      metrics: new MetricRecord({ "num-examples": 10 + node, train_loss: 1 / (1 + node) }),
    }),
);

/** Replies as they arrive, and when the last one does. */
function arriving(replies: readonly Message[]): { exchange: Exchange; lastAt: () => number } {
  let lastAt = NaN;
  async function* each() {
    for (const [place, reply] of replies.entries()) {
      await Promise.resolve();
      if (place === replies.length - 1) lastAt = performance.now();
      yield reply;
    }
  }
  // The replies cannot be added where they are made.
  const exchange = Object.assign(each(), { pending: answers.length, foldInto: () => false });
  return { exchange: exchange as unknown as Exchange, lastAt: () => lastAt };
}

const seconds: Record<string, number> = {};
const record = (name: string, number: number, time: number) => {
  if (number > 1) seconds[name] = Math.min(seconds[name] ?? Infinity, time);
};
for (
  const strategy of [
    new FedAvg(),
    new FedAvgM({ serverLearningRate: 0.5, serverMomentum: 0.9 }),
    new FedAdagrad(),
    new FedAdam(),
    new FedYogi(),
    new FedMedian(),
    new FedTrimmedAvg(),
    new Krum({ numMaliciousNodes: 2 }),
    new MultiKrum({ numMaliciousNodes: 2, numNodesToSelect: 5 }),
    new Bulyan({ numMaliciousNodes: 2 }),
    new QFedAvg({ clientLearningRate: 0.1 }),
  ].filter(isMeasured)
) {
  for (let number = 1; number <= repeat + 1; number++) {
    const round = { number, arrays, config: new ConfigRecord(), grid };
    const start = performance.now();
    const { aggregated } = strategy.aggregateTrain(round, answers);
    if (!aggregated) throw new Error(`${strategy.name} aggregated nothing`);
    record(strategy.name, number, (performance.now() - start) / 1000);
  }
}
const streaming = [new FedAvg({ maxHeldBytes: 0 }), new FedAdam({ maxHeldBytes: 0 })];
for (const strategy of streaming.filter(isMeasured)) {
  for (let number = 1; number <= repeat + 1; number++) {
    const round = { number, arrays, config: new ConfigRecord(), grid };
    const { exchange, lastAt } = arriving(answers);
    const { aggregated } = await strategy.collectTrain(round, exchange);
    if (!aggregated) throw new Error(`${strategy.name} aggregated nothing`);
    record(`${strategy.name}, last reply`, number, (performance.now() - lastAt()) / 1000);
  }
}
console.log(JSON.stringify(seconds));
