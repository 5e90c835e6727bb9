import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { DifferentialPrivacyMatrixMechanism } from "../privacy/matrix_mechanism.ts";
import type { Result } from "../result.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedAdam, FedYogi } from "../strategy/fedopt.ts";
import { historyToJson } from "../strategy/history_json.ts";
import { Krum } from "../strategy/krum.ts";
import type { Round } from "../strategy/round/round.ts";
import type { StartOptions } from "../strategy/run_strategy.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { decodeRecords, encodeRecords } from "./encode.ts";
import { roundsFromRecords } from "./rounds_checkpoint.ts";
import { RunCheckpoints } from "./run_checkpoints.ts";
import type { CheckpointStore } from "../checkpoints.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

const NODES = [3n, 5n, 8n, 13n, 2n ** 63n + 1n];
const ROUNDS = 10;

/** A process that runs a ServerApp. After `left` steps it does nothing any more, and nothing reaches it. */
class Process {
  steps = 0;
  #left: number;

  constructor(left = Infinity) {
    this.#left = left;
  }

  async step(): Promise<void> {
    this.steps++;
    if (--this.#left < 0) throw new Error("killed");
    await Promise.resolve();
  }

  /** Waits for some of its next steps, as a slow disk does; not for ever, because the last write ends the run. */
  async lag(steps: number): Promise<void> {
    const end = this.steps + steps;
    for (let turn = 0; turn < 100 && this.steps < end; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Training that depends on the node, the round and every bit of the model. */
function train(message: Message): Message {
  const { dstNodeId } = message.metadata;
  const round = message.content.configRecord("config").number("server-round");
  const arrays = message.content.arrayRecord("arrays").tensors();
  const random = seededRandom(Number(dstNodeId % 1000n) * 100 + round);
  for (const [, { data }] of arrays) {
    if (data instanceof BigInt64Array) data[0]! += 7n;
    else if (data instanceof BigUint64Array) continue;
    else {for (let i = 0; i < data.length; i++) {
        data[i] = Math.fround(Number(data[i]) * 0.9 + random.uniform() - 0.4);
      }}
  }
  return message.reply({
    arrays: ArrayRecord.fromTensors(arrays),
    metrics: new MetricRecord({ "num-examples": 10 + round, loss: random.uniform() }),
  });
}

let processes = 0;

const CASES = {
  FedAvg: () => new FedAvg({ seed: 4, fractionTrain: 0.6, fractionEvaluate: 0.4 }),
  FedAvgM: () => new FedAvgM({ seed: 5, serverMomentum: 0.9, fractionTrain: 0.6 }),
  FedAdam: () => new FedAdam({ seed: 6, fractionTrain: 0.6, fractionEvaluate: 0.4 }),
  FedYogi: () => new FedYogi({ seed: 7, fractionTrain: 0.6 }),
  Krum: () => new Krum({ seed: 8, numMaliciousNodes: 1 }),
};

interface Ended {
  readonly result: Result;
  readonly state: string;
  readonly steps: number;
}

/** How fast checkpoints are written, compared with rounds. */
interface Pace {
  /** Steps of the process that a write takes. */
  readonly lag?: number;
  /** Whether each round waits for the checkpoint of the one before. */
  readonly paced?: boolean;
}

/** Runs the app in a new process, which shares only the store with earlier ones. */
async function start(
  make: () => Strategy,
  store: CheckpointStore,
  process = new Process(),
  options: StartOptions = {},
  { lag = 0, paced = false }: Pace = {},
): Promise<Ended> {
  const clock = new FakeClock();
  await clock.advance(1000 * ++processes);
  const driver = new FakeDriver(NODES, async (message) => {
    await clock.advance(2);
    if (paced) await checkpoints.settled();
    return train(message);
  });
  const push = driver.push.bind(driver);
  driver.push = async (...input) => {
    await process.step();
    const ids = await push(...input);
    await process.step();
    return ids;
  };
  const stepping: CheckpointStore = {
    save: async (name, bytes) => {
      await process.lag(lag);
      await process.step();
      const saved = await store.save(name, bytes);
      await process.step();
      return saved;
    },
    load: (name) => store.load(name),
  };
  const checkpoints = new RunCheckpoints(stepping);
  const grid = new Grid(driver, 7n, { clock, checkpoints });
  // A process that was killed reports nothing: the failed save ends it.
  grid.subscribe((event) => {
    if (event.type === "checkpoint-failed") throw new Error("killed");
  });
  const strategy = make();
  const result = await strategy.start(grid, {
    numRounds: ROUNDS,
    initialArrays: ArrayRecord.fromTensors({
      w: tensor("float32", [4, 2], new Float32Array(8).fill(0.25)),
      steps: tensor("int64", [], BigInt64Array.of(3n)),
    }),
    evaluateFn: (round) => ({ accuracy: round / ROUNDS, big: 2n ** 60n }),
    ...options,
  });
  const state = (await encodeRecords(strategy.saveState())).toHex();
  return { result, state, steps: process.steps };
}

/** Everything that a user sees of a run. */
const visible = ({ result, state }: Ended) => ({
  arrays: [...result.arrays].map(([name, { data }]) => [name, data.toHex()]),
  history: historyToJson(result),
  state,
});

/** The keys of correlated noise are random: here each run has the same. */
function withKey(strategy: DifferentialPrivacyMatrixMechanism): DifferentialPrivacyMatrixMechanism {
  const state = strategy.saveState();
  const own = state.configRecord("privacy");
  const noise = JSON.parse(own.string("correlated-noise"));
  own.set("correlated-noise", JSON.stringify({ ...noise, key: "5a".repeat(32) }));
  strategy.loadState(state);
  return strategy;
}

const ALL: readonly (readonly [string, () => Strategy, StartOptions?])[] = [
  ...Object.entries(CASES).map(([name, make]) => [name, make] as const),
  [
    "DifferentialPrivacyMatrixMechanism",
    () =>
      withKey(
        new DifferentialPrivacyMatrixMechanism(new FedAvgM({ serverMomentum: 0.5 }), {
          clippingNorm: 1,
          noiseMultiplier: 2,
          numSampledClients: 2,
          rounds: ROUNDS,
          minSeparation: 2,
          bands: 3,
          seed: 9,
          accountant: new RdpAccountant({ targetDelta: 1e-5, populationSize: NODES.length }),
        }),
      ),
    // Counters cannot carry noise.
    {
      initialArrays: ArrayRecord.fromTensors({
        w: tensor("float32", [4, 2], new Float32Array(8).fill(0.25)),
      }),
    },
  ],
];

for (const [name, make, options] of ALL) {
  Deno.test(`a ${name} run that is killed at 20 points ends as without it, bit for bit`, async () => {
    const undisturbed = await start(make, new MemoryCheckpoints(), new Process(), options);
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let point = 0; point < 20; point++) {
      const store = new MemoryCheckpoints();
      const kills = [Math.floor(random.uniform() * undisturbed.steps)];
      // Some runs are killed several times.
      while (random.uniform() < 0.3) kills.push(Math.floor(random.uniform() * 6));
      for (const steps of kills) {
        // Some disks are slower than the rounds: the run is killed when it is rounds ahead of its checkpoint.
        const pace = { lag: Math.floor(random.uniform() * 12) };
        await start(make, store, new Process(steps), options, pace).catch((error) => {
          assert.match(String(error), /killed/);
        });
      }
      const resumed = await start(make, store, new Process(), options);
      assert.deepEqual(visible(resumed), visible(undisturbed), `killed after steps ${kills}`);
      const rounds = resumed.result.rounds.map(({ round }) => round);
      assert.deepEqual(rounds, Array.from({ length: ROUNDS }, (_, place) => place + 1));
    }
  });
}

Deno.test("a run that stopWhen has ended is not continued", async () => {
  const store = new MemoryCheckpoints();
  const stopWhen = ({ round }: { round: number }) => round === 4;
  const first = await start(CASES.FedAdam, store, new Process(), { stopWhen });
  const second = await start(CASES.FedAdam, store, new Process(), { stopWhen });
  assert.deepEqual(visible(second), visible(first));
  assert.equal(second.result.stoppedEarly, true);
  assert.equal(second.steps, 0);
});

Deno.test("more rounds continue a run that has ended", async () => {
  const store = new MemoryCheckpoints();
  await start(CASES.FedAdam, store, new Process(), { numRounds: 4 });
  const longer = await start(CASES.FedAdam, store);
  assert.deepEqual(visible(longer), visible(await start(CASES.FedAdam, new MemoryCheckpoints())));
});

Deno.test("checkpoints are saved every n rounds, after the last one, or not at all", async () => {
  const noting = (rounds: number[]): CheckpointStore => ({
    save: async (_, bytes) => {
      rounds.push(roundsFromRecords(await decodeRecords(bytes)).rounds.length);
      return true;
    },
    load: () => Promise.resolve(undefined),
  });
  const saves = async (checkpoint: StartOptions["checkpoint"]) => {
    const saved: number[] = [];
    await start(CASES.FedAvg, noting(saved), new Process(), { checkpoint }, { paced: true });
    return saved;
  };
  assert.deepEqual(await saves(undefined), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await saves({ every: 4 }), [0, 4, 8, 10]);
  assert.deepEqual(await saves(false), []);
  const saved: number[] = [];
  await start(CASES.FedAvg, new MemoryCheckpoints(), new Process(), {
    checkpoint: { every: 20, store: noting(saved) },
  });
  assert.deepEqual(saved, [0, 10]);
  for (const every of [0, -1, 1.5, NaN]) {
    await assert.rejects(saves({ every }), { code: "invalid-argument" });
  }
});

Deno.test("rounds go on while a checkpoint is written, and the run ends when its last one is", async () => {
  const written: number[] = [];
  const trained: number[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const store: CheckpointStore = {
    save: async (_, bytes) => {
      const round = roundsFromRecords(await decodeRecords(bytes)).rounds.length;
      if (round > 0) {
        hold();
        await released;
      }
      written.push(round);
      return true;
    },
    load: () => Promise.resolve(undefined),
  };
  const driver = new FakeDriver(NODES, async (message) => {
    const round = message.content.configRecord("config").number("server-round");
    // The second round waits until the first one's checkpoint is being written.
    if (round > 1) await held;
    trained.push(round);
    return train(message);
  });
  const grid = new Grid(driver, 7n, {
    clock: new FakeClock(),
    checkpoints: new RunCheckpoints(store),
  });
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let isFinished = false;
  grid.subscribe((event) => {
    if (event.type === "round-finished" && event.record.round === 4) end();
    if (event.type === "strategy-finished") isFinished = true;
  });
  const initialArrays = ArrayRecord.fromTensors({ w: tensor("float32", [1], Float32Array.of(1)) });
  const running = CASES.FedAvg().start(grid, { numRounds: 4, initialArrays });
  await over;
  assert.equal(trained.at(-1), 4);
  assert.deepEqual(written, [0]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isFinished, false);
  release();
  await running;
  // The checkpoints of rounds 2 and 3 were replaced while they waited.
  assert.deepEqual(written, [0, 1, 4]);
  assert.equal(isFinished, true);
});

Deno.test("a run that fails leaves the checkpoint of its last round", async () => {
  const store = new MemoryCheckpoints();
  const evaluateFn = (round: number) => {
    if (round === 3) throw new Error("no data");
    return { accuracy: round / ROUNDS, big: 2n ** 60n };
  };
  await assert.rejects(
    start(CASES.FedAdam, store, new Process(), { evaluateFn }, { lag: 4 }),
    /no data/,
  );
  const { rounds } = roundsFromRecords(await decodeRecords(store.saved.get("start-1")!));
  assert.equal(rounds.length, 2);
  assert.deepEqual(
    visible(await start(CASES.FedAdam, store)),
    visible(await start(CASES.FedAdam, new MemoryCheckpoints())),
  );
});

Deno.test("a checkpoint that does not fit is refused before a round, and says what to do", async () => {
  const store = new MemoryCheckpoints();
  await start(CASES.FedAdam, store, new Process(), { numRounds: 4 });
  const refusal = async (make: () => FedAvg, options: StartOptions = {}) => {
    const process = new Process();
    let error: unknown;
    await start(make, store, process, options).catch((caught) => error = caught);
    assert.equal(process.steps, 0);
    const { code, message, hints } = error as { code: string; message: string; hints: string[] };
    assert.equal(code, "failed-precondition");
    assert.ok(hints.length > 0);
    return message;
  };
  assert.match(await refusal(CASES.FedAvg), /FedAdam.*FedAvg/);
  assert.match(await refusal(CASES.FedAdam, { numRounds: 3 }), /round 4.*numRounds is 3/);
  const model = (name: string, length: number) =>
    ArrayRecord.fromTensors({ [name]: tensor("float32", [length], new Float32Array(length)) });
  const other = (initialArrays: ArrayRecord) => refusal(CASES.FedAdam, { initialArrays });
  assert.match(await other(model("v", 8)), /no array "v"/);
  assert.match(await other(model("w", 8)), /"w" has shape \[4,2\].*\[8\]/);
  const fewer = ArrayRecord.fromTensors({ w: tensor("float32", [4, 2], new Float32Array(8)) });
  assert.match(await other(fewer), /"steps"/);
  const [[name, bytes]] = store.saved as unknown as [[string, Uint8Array]];
  store.saved.set(name, bytes.slice(0, -40));
  await assert.rejects(start(CASES.FedAdam, store), { code: "data-loss" });
});

Deno.test("a model may change its shapes from round to round, as trees do", async () => {
  const store = new MemoryCheckpoints();
  const arrays = (length: number) =>
    ArrayRecord.fromTensors({ trees: tensor("uint8", [length], new Uint8Array(length)) });
  class Growing extends FedAvg {
    override aggregateTrain(round: Round) {
      const { size } = round.arrays;
      const { data } = round.arrays.viewTensors().get("trees")!;
      const grown = { arrays: arrays(data.length + 3 * size) };
      return { results: [3n], failures: [], aggregated: true, ...grown };
    }
  }
  const options = { initialArrays: arrays(0) };
  await start(() => new Growing(), store, new Process(), { ...options, numRounds: 2 });
  const { result } = await start(() => new Growing(), store, new Process(), options);
  assert.equal(result.arrays.viewTensors().get("trees")!.data.length, 30);
});

Deno.test("a checkpoint that cannot be saved is reported once, and the run goes on", async () => {
  const clock = new FakeClock();
  const driver = new FakeDriver(NODES, train);
  const store: CheckpointStore = {
    save: () => Promise.reject(new Error("disk full")),
    load: () => Promise.resolve(undefined),
  };
  const grid = new Grid(driver, 7n, { clock, checkpoints: new RunCheckpoints(store) });
  const failed: number[] = [];
  grid.subscribe((event) => event.type === "checkpoint-failed" && failed.push(event.round));
  const initialArrays = ArrayRecord.fromTensors({
    w: tensor("float32", [1], Float32Array.of(1)),
  });
  const result = await CASES.FedAvg().start(grid, { numRounds: 3, initialArrays });
  assert.equal(result.rounds.length, 3);
  assert.deepEqual(failed, [0]);
});

Deno.test("strategies that one app starts one after the other have a checkpoint each", async () => {
  const store = new MemoryCheckpoints();
  const initialArrays = ArrayRecord.fromTensors({
    w: tensor("float32", [2], Float32Array.of(1, 2)),
  });
  const app = async (process: Process, numRounds: number) => {
    const pushed: number[] = [];
    const driver = new FakeDriver(NODES, train);
    const push = driver.push.bind(driver);
    driver.push = async (...input) => {
      await process.step();
      pushed.push(input[1].length);
      return push(...input);
    };
    const grid = new Grid(driver, 7n, {
      clock: new FakeClock(),
      checkpoints: new RunCheckpoints(store),
    });
    const first = await CASES.FedAvg().start(grid, { numRounds, initialArrays });
    const second = await CASES.FedAdam().start(grid, { numRounds: 3, initialArrays: first.arrays });
    return { second, pushes: pushed.length };
  };
  // Two phases per round: killed in the second round of the second strategy.
  await assert.rejects(app(new Process(8), 3), /killed/);
  const resumed = await app(new Process(), 3);
  assert.equal(resumed.pushes, 4);
  assert.equal(resumed.second.rounds.length, 3);
  // With new rounds of the first strategy, the second begins anew: its model is another one.
  assert.equal((await app(new Process(), 4)).pushes, 2 + 6);
});
