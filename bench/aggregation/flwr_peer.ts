/**
 * Aggregates replies with this project's strategies:
 *
 *     deno run -A flwr_peer.ts REPLIES ELEMENTS REPEAT
 *
 * Prints the seconds of each strategy, the best of several rounds, as JSON.
 */
import { FakeDriver } from "../../app/fake_driver.ts";
import { ArrayRecord } from "../../app/array_record.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { Grid } from "../../app/grid.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { FedAvg } from "../../app/strategy/fedavg.ts";
import { FedAdam } from "../../app/strategy/fedopt.ts";
import { Krum } from "../../app/strategy/krum.ts";
import { FedMedian, FedTrimmedAvg } from "../../app/strategy/order_statistics.ts";
import { instruction } from "../../app/testing.ts";
import { seededRandom } from "../../base/random.ts";
import { tensor } from "../../tensor/tensor.ts";

const [replies, elements, repeat] = Deno.args.map(Number) as [number, number, number];
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
      metrics: new MetricRecord({ "num-examples": 10 + node }),
    }),
);

const seconds: Record<string, number> = {};
for (
  const strategy of [
    new FedAvg(),
    new FedAdam(),
    new FedMedian(),
    new FedTrimmedAvg(),
    new Krum({ numMaliciousNodes: 2 }),
  ]
) {
  let best = Infinity;
  for (let number = 1; number <= repeat + 1; number++) {
    const start = performance.now();
    const { aggregated } = strategy.aggregateTrain(
      { number, arrays, config: new ConfigRecord(), grid },
      answers,
    );
    if (!aggregated) throw new Error(`${strategy.name} aggregated nothing`);
    if (number > 1) best = Math.min(best, (performance.now() - start) / 1000);
  }
  seconds[strategy.name] = best;
}
console.log(JSON.stringify(seconds));
