import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { DifferentialPrivacyServerSideFixedClipping } from "../privacy/wrappers.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedAdam, FedYogi } from "../strategy/fedopt.ts";
import { Krum } from "../strategy/krum.ts";
import { PartialModel } from "../strategy/partial_model.ts";
import type { Round } from "../strategy/round/round.ts";
import type { StartOptions } from "../strategy/run_strategy.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { decodeRecords } from "./encode.ts";
import { roundsFromRecords } from "./rounds_checkpoint.ts";
import { RunCheckpoints } from "./run_checkpoints.ts";
import type { CheckpointStore } from "../checkpoints.ts";
import {
  assertContinues,
  NODES,
  Process,
  ROUNDS,
  start,
  train,
  visible,
} from "./testing/killed_run.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

const CASES = {
  FedAvg: () => new FedAvg({ seed: 4, fractionTrain: 0.6, fractionEvaluate: 0.4 }),
  FedAvgM: () => new FedAvgM({ seed: 5, serverMomentum: 0.9, fractionTrain: 0.6 }),
  FedAdam: () => new FedAdam({ seed: 6, fractionTrain: 0.6, fractionEvaluate: 0.4 }),
  FedYogi: () => new FedYogi({ seed: 7, fractionTrain: 0.6 }),
  Krum: () => new Krum({ seed: 8, numMaliciousNodes: 1 }),
};

for (const [name, make] of Object.entries(CASES)) {
  Deno.test(`a ${name} run that is killed at 20 points ends as without it, bit for bit`, async () => {
    await assertContinues(make);
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

Deno.test("a strategy that counts its privacy loss has saved each training before its model is sent", async () => {
  const privacy = () =>
    new DifferentialPrivacyServerSideFixedClipping(new FedAvg(), {
      ...{ clippingNorm: 0.5, noiseMultiplier: 1, numSampledClients: NODES.length },
      accountant: new RdpAccountant({ targetDelta: 1e-5, populationSize: NODES.length }),
    });
  const wrapped: Readonly<Record<string, () => Strategy>> = {
    CentralDp: privacy,
    "CentralDp, partly": () => new PartialModel(privacy(), { isLocal: () => false }),
  };
  for (const [name, make] of Object.entries(wrapped)) {
    const store = new MemoryCheckpoints();
    const saved: number[] = [];
    const answer = async (message: Message) => {
      const records = await decodeRecords(store.saved.get("start-1")!);
      const round = message.content.configRecord("config").number("server-round");
      const { rounds, trained } = roundsFromRecords(records);
      // Evaluation has the model of its round, and training that of the round before.
      const needed = message.metadata.messageType.startsWith("evaluate") ? round : round - 1;
      saved.push(needed - (trained?.round ?? rounds.length));
      return train(message);
    };
    const initialArrays = ArrayRecord.fromTensors({
      w: tensor("float32", [1], Float32Array.of(1)),
    });
    await start(make, store, new Process(), {
      ...{ answer, initialArrays, checkpoint: { every: 4 } },
    }, { lag: 5 });
    assert.ok(saved.length >= ROUNDS * NODES.length, name);
    assert.deepEqual([...new Set(saved)], [0], name);
  }
});

Deno.test("a training that was saved is not repeated: the resumed run begins with its evaluation", async () => {
  const make = () =>
    new DifferentialPrivacyServerSideFixedClipping(new FedAvg(), {
      ...{ clippingNorm: 0.5, noiseMultiplier: 1, numSampledClients: NODES.length },
      ...{ accountant: new RdpAccountant({ targetDelta: 1e-5, populationSize: NODES.length }) },
      forTestsNoise: { gaussian() {}, laplace() {} },
    });
  const initialArrays = ArrayRecord.fromTensors({ w: tensor("float32", [1], Float32Array.of(1)) });
  const options = { initialArrays, numRounds: 3 };
  const store = new MemoryCheckpoints();
  const failing = (round: number) => {
    if (round === 2) throw new Error("no data");
    return { accuracy: round / ROUNDS, big: 2n ** 60n };
  };
  const first = start(make, store, new Process(), { ...options, evaluateFn: failing });
  await assert.rejects(first, /no data/);
  const records = await decodeRecords(store.saved.get("start-1")!);
  const { rounds, trained } = roundsFromRecords(records);
  assert.deepEqual([rounds.length, trained?.round], [1, 2]);
  // Programs that know no round in progress refuse it.
  assert.equal(records.configRecord("checkpoint").get("version"), 2);
  const asked: string[] = [];
  const answer = (message: Message) => {
    const round = message.content.configRecord("config").number("server-round");
    asked.push(`${message.metadata.messageType} ${round}`);
    return train(message);
  };
  const resumed = await start(make, store, new Process(), { ...options, answer });
  assert.deepEqual([...new Set(asked)], ["evaluate 2", "train 3", "evaluate 3"]);
  const whole = await start(make, new MemoryCheckpoints(), new Process(), options);
  assert.deepEqual(visible(resumed), visible(whole));
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
