/** Replies whose values are checked with their aggregation are accepted and refused as if they were checked first. */
import assert from "node:assert/strict";
import { type Random, seededRandom, systemRandom } from "../../base/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Exchange } from "../exchange.ts";
import type { Message } from "../message.ts";
import type { ReplyCollector } from "./collector.ts";
import { ModelContract } from "./contract/model_contract.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { ComposedStrategy } from "./composed_strategy.ts";
import type { Round, TrainOutcome } from "./strategy.ts";
import { roundOf, trained } from "./testing.ts";

/** Checks each reply on arrival. */
class Eager extends FedAvg {
  override collector(round: Round, maxHeldBytes?: number): ReplyCollector {
    return super.collector(round, maxHeldBytes, false);
  }
}

/** Longer than the vectors of a block, with a last block that is not a multiple of four. */
const LONG = 4096 * 5 + 3;

const MODEL = ArrayRecord.fromTensors({
  long: tensor("float32", [LONG], new Float32Array(LONG)),
  short: tensor("float32", [3], new Float32Array(3)),
  double: tensor("float64", [2], new Float64Array(2)),
  count: tensor("int64", [], BigInt64Array.of(1n)),
});

/** What makes a reply unacceptable. The last is finite, but its norm is beyond the limit. */
const ODD = [NaN, Infinity, -Infinity, 3e38];

function below(random: Random, end: number): number {
  return Math.floor(random.uniform() * end);
}

function modelOf(random: Random, odd: number | undefined): ArrayRecord {
  const numbers = <A extends Float32Array | Float64Array>(data: A): A => {
    for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
    return data;
  };
  const tensors: Record<string, Tensor> = {
    long: tensor("float32", [LONG], numbers(new Float32Array(LONG))),
    short: tensor("float32", [3], numbers(new Float32Array(3))),
    double: tensor("float64", [2], numbers(new Float64Array(2))),
    count: tensor("int64", [], BigInt64Array.of(5n)),
  };
  if (odd !== undefined) {
    const { data } = tensors[["long", "long", "short", "double"][below(random, 4)]!]!;
    // The end of the array, where a block is not full, as often as all other places.
    const place = random.uniform() < 0.5 ? data.length - 1 : below(random, data.length);
    (data as Float32Array)[place] = odd;
  }
  return ArrayRecord.fromTensors(tensors);
}

function repliesOf(random: Random): Message[] {
  const oddShare = random.uniform() < 0.3 ? 0 : random.uniform();
  const zeroShare = random.uniform() < 0.7 ? 0 : random.uniform();
  return Array.from({ length: 1 + below(random, 7) }, (_, node) => {
    const odd = random.uniform() < oddShare ? ODD[below(random, ODD.length)] : undefined;
    const weight = random.uniform() < zeroShare ? 0 : 1 + below(random, 9);
    return trained(node + 2, modelOf(random, odd), { "num-examples": weight });
  });
}

/** An outcome as data that can be compared. */
const shown = ({ arrays, metrics, ...rest }: TrainOutcome) => ({
  ...rest,
  metrics: metrics && [...metrics],
  arrays: arrays && [...arrays].map(([name, { data }]) => [name, data.toHex()]),
});

function exchangeOf(replies: readonly Message[]): Exchange {
  const arriving = (async function* () {
    for (const reply of replies) {
      await Promise.resolve();
      yield reply;
    }
  })();
  // A strategy iterates over an exchange, and asks whether the replies can be added where they are made.
  const exchange = { pending: replies.length, foldInto: () => false };
  return Object.assign(arriving, exchange) as unknown as Exchange;
}

Deno.test("values that are checked with the aggregation: the same outcome as if they were checked first", async () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const seen = { refused: 0, whole: 0, none: 0 };
  for (let time = 0; time < 60; time++) {
    const options: FedAvgOptions = {
      // Held to the end, streamed from some reply on, or from the first.
      maxHeldBytes: [Infinity, 3 * LONG * 4, 0][time % 3]!,
      acceptFailures: random.uniform() < 0.8,
    };
    const round = roundOf(MODEL);
    const replies = repliesOf(random);
    const outcome = await new Eager(options).collectTrain(round, exchangeOf(replies));
    const about = `seed ${seed}, time ${time}`;
    const late = new FedAvg(options);
    assert.deepEqual(
      shown(await late.collectTrain(round, exchangeOf(replies))),
      shown(outcome),
      about,
    );
    assert.deepEqual(
      shown(late.aggregateTrain(round, replies)),
      shown(new Eager(options).aggregateTrain(round, replies)),
      about,
    );
    if (outcome.failures.length > 0) seen.refused++;
    else seen.whole++;
    if (!outcome.aggregated) seen.none++;
  }
  assert.ok(Object.values(seen).every((count) => count > 2), JSON.stringify({ seed, seen }));
});

Deno.test("a contract of one's own is asked before anything is added", () => {
  const checked: bigint[] = [];
  class Own extends ModelContract {
    override check(...given: Parameters<ModelContract["check"]>) {
      checked.push(given[0].metadata.srcNodeId);
      return super.check(...given);
    }
  }
  const random = seededRandom(1);
  const replies = [2, 3].map((node) => trained(node, modelOf(random, undefined)));
  new ComposedStrategy({ contract: new Own() }).aggregateTrain(roundOf(MODEL), replies);
  assert.deepEqual(checked, [2n, 3n]);
});
