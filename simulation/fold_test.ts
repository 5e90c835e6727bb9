import assert from "node:assert/strict";
import { FoldMemory } from "../app/strategy/fold/fold_memory.ts";
import { contentWithoutArrays, ReplyFolder } from "../app/strategy/fold/fold_reply.ts";
import type { ReplyFold } from "../app/strategy/fold/reply_fold.ts";
import type { Aggregator } from "../app/strategy/aggregator/aggregator.ts";
import { ConfigRecord } from "../app/config_record.ts";
import type { Context } from "../app/context.ts";
import { Grid } from "../app/grid.ts";
import type { Message } from "../app/message.ts";
import type { Result } from "../app/result.ts";
import type { TrainOutcome } from "../app/strategy/strategy.ts";
import type { Round } from "../app/strategy/round/round.ts";
import type { NodeFaults } from "../entities/simulation.ts";
import { NO_FAULTS } from "../entities/simulation.ts";
import {
  ArrayRecord,
  ClientApp,
  ComposedStrategy,
  DifferentialPrivacyServerSideFixedClipping,
  FedAdam,
  FedAvg,
  type FedAvgOptions,
  FedMedian,
  FedTrimmedAvg,
  Krum,
  Mean,
  MetricRecord,
  type Strategy,
  tensor,
  WeightedMean,
} from "../mod.ts";
import { LocalRunner } from "./local_runner.ts";
import type { NodeAnswer, NodeRunner } from "./node_runner.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import { VirtualNodes } from "./virtual_nodes.ts";

const NODES = 30;
const SHAPE = [3, 200];

/** Each node moves the model by numbers of its own. Some fail, and some send what is refused. */
const clientApp = new ClientApp().train(({ content }, { nodeConfig }) => {
  const partition = nodeConfig.number("partition-id");
  const round = content.configRecord("config").number("server-round");
  if (partition === 7) throw new RangeError("no rows");
  const tensors = content.arrayRecord("arrays").tensors();
  for (const [name, { data }] of tensors) {
    for (let i = 0; i < data.length; i++) {
      // Magnitudes from 2^-30 to 2^10, so that sums of floats depend on their order.
      const size = 2 ** ((i * 7 + partition * 13) % 40 - 30);
      const moved = Number(data[i]) + Math.sin(i + 31 * partition * round) * size;
      // The counter is an integer that comes back as the float64 of a mean.
      const whole = name === "count" ? Math.round(moved) : moved;
      data[i] = (data instanceof BigInt64Array ? BigInt(whole) : whole) as never;
    }
  }
  if (partition === 8) tensors.get("w")!.data[5] = NaN as never;
  const metrics = { "num-examples": partition === 9 ? -1 : partition * 3 + 1, partition };
  return { arrays: ArrayRecord.fromTensors(tensors), metrics: new MetricRecord(metrics) };
});

/** Folds replies as a thread does: with memory of its own, and only the rest of a reply comes out. */
class FoldingRunner implements NodeRunner {
  readonly #inner = new LocalRunner(clientApp, 0);
  readonly #folders = new WeakMap<ReplyFold, ReplyFolder>();
  folded = 0;
  whole = 0;

  async run(
    message: Message,
    context: Context,
    seed: number,
    _signal: AbortSignal,
    fold?: ReplyFold,
  ): Promise<NodeAnswer> {
    // Runners overtake each other.
    for (let turns = seed % 5; turns > 0; turns--) await Promise.resolve();
    const answer = await this.#inner.run(message, context, seed);
    if (fold === undefined || answer.reply.error !== undefined) {
      if (answer.reply.error === undefined) this.whole++;
      return answer;
    }
    let folder = this.#folders.get(fold);
    if (folder === undefined) {
      const sent = fold.sent.viewTensors();
      const joined = new FoldMemory(sent, fold.addMemory().memory);
      this.#folders.set(fold, folder = new ReplyFolder(fold.plan, sent, joined));
    }
    const folded = folder.fold(answer.reply);
    this.folded++;
    return {
      ...answer,
      reply: answer.reply.withContent(contentWithoutArrays(answer.reply)),
      folded,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

interface Outcome {
  readonly result: Result;
  readonly folded: number;
  readonly whole: number;
}

async function run(
  strategy: Strategy,
  { workers = 1, faults = NO_FAULTS, integers = true }: {
    workers?: number;
    faults?: NodeFaults;
    integers?: boolean;
  } = {},
): Promise<Outcome> {
  const runners = Array.from({ length: workers }, () => new FoldingRunner());
  const connection = new SimulatedConnection({
    runId: 1n,
    nodes: new VirtualNodes({ count: NODES }),
    runners,
    runConfig: new ConfigRecord(),
    seed: 3,
    faults,
  });
  const initialArrays = ArrayRecord.fromTensors({
    w: tensor("float32", SHAPE, Float32Array.from({ length: 600 }, (_, i) => Math.cos(i))),
    half: tensor("float16", [4], new Float16Array(4)),
    ...(integers && { count: tensor("int64", [], new BigInt64Array(1)) }),
  });
  const result = await strategy.start(new Grid(connection, 1n), { numRounds: 3, initialArrays })
    .finally(() => connection.close());
  const sum = (pick: (runner: FoldingRunner) => number) =>
    runners.reduce((total, runner) => total + pick(runner), 0);
  return { result, folded: sum(({ folded }) => folded), whole: sum(({ whole }) => whole) };
}

const FOLDED: FedAvgOptions = { fractionEvaluate: 0, maxHeldBytes: 0 };
const HELD: FedAvgOptions = { fractionEvaluate: 0, maxHeldBytes: Infinity };

function bytesOf({ result }: Outcome): Uint8Array {
  return result.arrays.toNpz();
}

/** Everything but the arrays and the time. */
function historyOf({ result }: Outcome) {
  return result.rounds.map(({ round, train }) => ({
    round,
    results: train!.results,
    failures: train!.failures,
    metrics: [...train!.metrics ?? []],
    aggregated: train!.aggregated,
  }));
}

Deno.test("folding: the model has the same bits with one, two, four and no folding workers", async () => {
  const faults = { ...NO_FAULTS, dropout: 0.1, lie: 0.2 };
  const one = await run(new FedAvg(FOLDED), { faults });
  assert.ok(one.folded > 30 && one.whole > 0, "some replies are folded, and lies are not");
  for (const workers of [2, 4]) {
    const other = await run(new FedAvg(FOLDED), { workers, faults });
    assert.equal(other.folded, one.folded);
    assert.deepEqual(bytesOf(other), bytesOf(one));
    assert.deepEqual(historyOf(other), historyOf(one));
  }
  // If each reply is a lie, none is folded by a runner: the ServerApp's thread does it.
  const lies = { ...NO_FAULTS, lie: 1 };
  const whole = await run(new FedAvg(FOLDED), { workers: 3, faults: lies });
  assert.equal(whole.folded, 0);
  assert.deepEqual(bytesOf(await run(new FedAvg(FOLDED), { faults: lies })), bytesOf(whole));
});

Deno.test("folding: it is the mean of held replies within rounding, with the same failures and metrics", async () => {
  for (const create of [FedAvg, FedAdam]) {
    const folded = await run(new create(FOLDED), { workers: 2 });
    const held = await run(new create(HELD), { workers: 2 });
    assert.equal(folded.folded, 3 * (NODES - 1)); // All but the one that throws.
    assert.equal(held.folded, 0);
    assert.deepEqual(historyOf(folded), historyOf(held));
    const failures = folded.result.rounds[0]!.train!.failures.length;
    assert.equal(failures, 3); // It throws, it sends NaN, its weight is negative.
    // Adam divides by the size of the update, which magnifies the rounding of arrays that hardly change.
    if (create === FedAdam) continue;
    const [own, other] = [folded, held].map(({ result }) => result.arrays.tensors());
    for (const [name, { dtype, data }] of own!) {
      const expected = other!.get(name)!;
      assert.equal(dtype, expected.dtype);
      // A held sum of terms up to 2^10 is rounded 30 times in the array's type.
      const digits = { float16: 10, float32: 23, float64: 52 }[dtype as "float64"];
      for (let i = 0; i < data.length; i++) {
        const difference = Math.abs(Number(data[i]) - Number(expected.data[i]));
        assert.ok(difference <= 2 ** (10 + 2 - digits), `${name} ${i}: ${difference}`);
      }
    }
  }
});

Deno.test("folding: the options of the contract hold in the workers", async () => {
  for (
    const options of [
      { maxUpdateNorm: 2000, largeUpdates: "clip" },
      { maxUpdateNorm: 2000 },
      { maxNumExamples: 40 },
      { acceptFailures: false },
    ] satisfies FedAvgOptions[]
  ) {
    const strategies = [FOLDED, HELD].map((held) => new FedAvg({ ...held, ...options }));
    const failing = { code: "failed-precondition" };
    if ("acceptFailures" in options) {
      for (const strategy of strategies) await assert.rejects(run(strategy), failing);
      continue;
    }
    const [folded, held] = await Promise.all(strategies.map((strategy) => run(strategy)));
    assert.ok(folded!.folded > 0);
    // Norms of later rounds may differ in their last digits.
    assert.deepEqual(historyOf(folded!)[0], historyOf(held!)[0]);
  }
});

Deno.test("folding: strategies that need every reply get every reply", async () => {
  let seen = 0;
  /** The first reply's arrays: they would be missing if they had been folded. */
  const first: Aggregator = {
    streams: true,
    begin() {
      let arrays: Map<string, ReturnType<typeof tensor>> | undefined;
      return {
        accumulate({ tensors }) {
          assert.equal(tensors.size, 3);
          seen++;
          arrays ??= new Map(tensors);
        },
        finish: () => ({ arrays: arrays! }),
      };
    },
  };
  class OwnMean extends WeightedMean {
    override begin(...args: Parameters<WeightedMean["begin"]>) {
      const inner = super.begin(...args);
      return {
        accumulate(reply: Parameters<typeof inner.accumulate>[0]) {
          seen += reply.tensors.size > 0 ? 1 : 0;
          inner.accumulate(reply);
        },
        finish: () => inner.finish(),
      };
    }
  }
  class Reading extends FedAvg {
    override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
      seen +=
        replies.filter((reply) => reply.hasContent && reply.content.arrayRecords.size > 0).length;
      return super.aggregateTrain(round, replies);
    }
  }
  const select = {
    maxHeldBytes: 0,
    evaluateSelection: { select: () => Promise.resolve({ nodeIds: [], available: NODES }) },
  };
  const needing: Strategy[] = [
    new ComposedStrategy({ ...select, aggregator: first }),
    new ComposedStrategy({ ...select, aggregator: new OwnMean() }),
    new ComposedStrategy({ ...select, aggregator: new WeightedMean(({ weight }) => weight + 1) }),
    new ComposedStrategy({ ...select, postprocessors: [{ onReply: (reply) => reply }] }),
    new Reading(FOLDED),
    new FedMedian(FOLDED),
    new FedTrimmedAvg(FOLDED),
    new Krum({ ...FOLDED, numMaliciousNodes: 1 }),
    new DifferentialPrivacyServerSideFixedClipping(new FedAvg(FOLDED), {
      noiseMultiplier: 1,
      clippingNorm: 1,
      numSampledClients: NODES,
    }),
  ];
  for (const strategy of needing) {
    // Differential privacy takes floats only.
    const integers = !(strategy instanceof DifferentialPrivacyServerSideFixedClipping);
    const { folded } = await run(strategy, { workers: 2, integers });
    assert.equal(folded, 0, strategy.name);
  }
  assert.equal(seen, 3 * (2 * (NODES - 3) + (NODES - 1)));
  for (const aggregator of [new WeightedMean(), new Mean()]) {
    const { folded } = await run(new ComposedStrategy({ ...select, aggregator }), { workers: 2 });
    assert.equal(folded, 3 * (NODES - 1));
  }
});

Deno.test("folding: memory that is closed takes no more, and a thread that died in the middle is an error", () => {
  const sent = new Map([["w", tensor("float32", [2], Float32Array.of(1, 2))]]);
  const memory = new FoldMemory(sent);
  const thread = new FoldMemory(sent, memory.memory);
  assert.equal(thread.add(sent, 3), true);
  memory.close();
  assert.equal(thread.add(sent, 3), false);
  assert.deepEqual([...memory.mean().get("w")!.data as Float32Array], [1, 2]);
  assert.equal(memory.count, 1);
  const dead = new FoldMemory(sent);
  new Int32Array(dead.memory)[0] = 1; // As a thread leaves it that ends while it adds.
  assert.throws(() => dead.close(1), { code: "internal" });
});
