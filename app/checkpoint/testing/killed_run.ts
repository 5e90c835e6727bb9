import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { seededRandom } from "../../../base/random.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import type { CheckpointStore } from "../../checkpoints.ts";
import { type Answer, FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import type { RecordDict } from "../../record_dict.ts";
import type { Result } from "../../result.ts";
import { historyToJson } from "../../strategy/history_json.ts";
import type { StartOptions } from "../../strategy/run_strategy.ts";
import type { Strategy } from "../../strategy/strategy.ts";
import { encodeRecords } from "../encode.ts";
import { RunCheckpoints } from "../run_checkpoints.ts";
import { MemoryCheckpoints } from "./memory_checkpoints.ts";

/** Nodes of the federation. */
export const NODES = [3n, 5n, 8n, 13n, 2n ** 63n + 1n];
/** Rounds of a run. */
export const ROUNDS = 10;

/** A process that runs a ServerApp. After `left` steps it does nothing any more, and nothing reaches it. */
export class Process {
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
export function train(message: Message): Message {
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

/** A run that has ended. */
export interface Ended {
  readonly result: Result;
  readonly state: string;
  /** The state as records. */
  readonly records: RecordDict;
  readonly steps: number;
}

/** How fast checkpoints are written, compared with rounds. */
export interface Pace {
  /** Steps of the process that a write takes. */
  readonly lag?: number;
  /** Whether each round waits for the checkpoint of the one before. */
  readonly paced?: boolean;
}

/** Runs the app in a new process, which shares only the store with earlier ones. */
export async function start(
  make: () => Strategy,
  store: CheckpointStore,
  process = new Process(),
  { answer = train, ...options }: StartOptions & { readonly answer?: Answer } = {},
  { lag = 0, paced = false }: Pace = {},
): Promise<Ended> {
  const clock = new FakeClock();
  await clock.advance(1000 * ++processes);
  const driver = new FakeDriver(NODES, async (message) => {
    await clock.advance(2);
    if (paced) await checkpoints.settled();
    return await answer(message);
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
  const records = strategy.saveState();
  const state = (await encodeRecords(records)).toHex();
  return { result, state, records, steps: process.steps };
}

/** Everything that a user sees of a run. */
export const visible = ({ result, state }: Ended) => ({
  arrays: [...result.arrays].map(([name, { data }]) => [name, data.toHex()]),
  history: historyToJson(result),
  state,
});

/**
 * Kills runs of a strategy at random points, and continues them.
 *
 * @param points number of runs
 * @param compared what must be equal of a run
 * @throws AssertionError where a run ends otherwise
 */
export async function assertContinues(
  make: () => Strategy,
  options: Parameters<typeof start>[3] = {},
  points = 20,
  compared: (ended: Ended) => unknown = visible,
): Promise<void> {
  const undisturbed = await start(make, new MemoryCheckpoints(), new Process(), options);
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let point = 0; point < points; point++) {
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
    assert.deepEqual(compared(resumed), compared(undisturbed), `killed after steps ${kills}`);
    const rounds = resumed.result.rounds.map(({ round }) => round);
    assert.deepEqual(rounds, Array.from({ length: ROUNDS }, (_, place) => place + 1));
  }
}
