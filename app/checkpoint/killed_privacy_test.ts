/** Runs with private data that are killed at each step: what they report is never below what has left the process. */
import assert from "node:assert/strict";
import type { NodeId } from "../../entities/metadata.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import type { Answer } from "../fake_driver.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { DifferentialPrivacyMatrixMechanism } from "../privacy/matrix_mechanism.ts";
import {
  DifferentialPrivacyClientSideFixedClipping,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
} from "../privacy/wrappers.ts";
import { RecordDict } from "../record_dict.ts";
import { SecureAggregation } from "../secagg/signed/secure_aggregation.ts";
import { secureAggregationMod } from "../secagg/signed/secure_aggregation_mod.ts";
import { PROTOCOL_RECORD } from "../secagg/signed/records.ts";
import { trustedIdentities } from "../secagg/signed/testing/identities.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAdam } from "../strategy/fedopt.ts";
import { PartialModel } from "../strategy/partial_model.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { decodeRecords, encodeRecords } from "./encode.ts";
import { roundsFromRecords } from "./rounds_checkpoint.ts";
import { NODES, Process, start } from "./testing/killed_run.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

const ROUNDS = 2;
const MODEL = ArrayRecord.fromTensors({ w: tensor("float32", [2], Float32Array.of(1, 2)) });

/** The rounds whose release has left a process: it can be known outside, whatever becomes of the process. */
type Left = Set<number>;

/** A strategy to kill, and what its releases are. */
interface Case {
  /** @param leave called with a round when the inner strategy's callback gets its release */
  make(leave: (round: number) => void): Strategy;
  /** Releases that a strategy has counted. */
  counted(strategy: Strategy): number;
  /** Releases that are to be counted. @param repeated those of each process that another one repeated */
  due(repeated: readonly number[]): number;
  /** Whether a release leaves before the training is saved: into a callback (default true). */
  readonly leavesEarly?: boolean;
  /** What the nodes answer. @param leave called with the round of an instruction that depends on its release, or reveals it */
  answer(leave: (round: number) => void): Answer;
}

function replyOf(message: Message): Message {
  return message.reply({
    arrays: message.content.arrayRecord("arrays"),
    metrics: new MetricRecord({ "num-examples": 1, loss: 0.5 }),
  });
}

/** Evaluation has the model of its round, and training that of the round before. */
const plainAnswer = (leave: (round: number) => void): Answer => (message) => {
  const round = message.content.configRecord("config").number("server-round");
  const isEvaluation = message.metadata.messageType.startsWith("evaluate");
  if (isEvaluation || round > 1) leave(isEvaluation ? round : round - 1);
  return replyOf(message);
};

const countedOf = (strategy: Strategy) => {
  const json = strategy.saveReleases().configRecord("privacy").string("accountant");
  const { compositions } = JSON.parse(json) as { compositions: { count: number }[] };
  return compositions.reduce((sum, { count }) => sum + count, 0);
};

const config = { targetDelta: 1e-5, populationSize: NODES.length };
const options = () => ({
  ...{ noiseMultiplier: 1, numSampledClients: NODES.length, clippingNorm: 1 },
  accountant: new RdpAccountant(config),
});

/** FedAvg whose callback is a user's code: it could write the model anywhere. */
const inner = (leave: (round: number) => void) => {
  let round = 0;
  return new class extends FedAvg {
    override get usesMeanOnly() {
      return true;
    }
    override configureTrain(asked: Parameters<FedAvg["configureTrain"]>[0]) {
      round = asked.number;
      return super.configureTrain(asked);
    }
  }({
    trainMetricsAggrFn: () => {
      leave(round);
      return new MetricRecord();
    },
  });
};

/** Each release costs the same. */
const independent = (make: Case["make"]): Case => ({
  make,
  counted: countedOf,
  due: (repeated) => ROUNDS + repeated.reduce((sum, count) => sum + count, 0),
  answer: plainAnswer,
});

const CASES: Readonly<Record<string, Case>> = {
  "a fixed norm": independent((leave) =>
    new DifferentialPrivacyServerSideFixedClipping(inner(leave), options())
  ),
  "a fixed norm around FedAdam": {
    ...independent(() => new DifferentialPrivacyServerSideFixedClipping(new FedAdam(), options())),
    leavesEarly: false,
  },
  "a fixed norm at the nodes": independent((leave) =>
    new DifferentialPrivacyClientSideFixedClipping(inner(leave), options())
  ),
  "a fixed norm within another wrapper": independent((leave) =>
    new PartialModel(new DifferentialPrivacyServerSideFixedClipping(inner(leave), options()), {
      isLocal: () => false,
    })
  ),
  "an adaptive norm": independent((leave) =>
    new DifferentialPrivacyServerSideAdaptiveClipping(inner(leave), {
      ...{ ...options(), clippedCountStddev: 2, initialClippingNorm: 1 },
    })
  ),
  // The whole run is one release, and so are all the rounds that a process released in vain.
  "correlated noise": {
    make: (leave) =>
      new DifferentialPrivacyMatrixMechanism(inner(leave), {
        ...{ ...options(), numSampledClients: 2, rounds: ROUNDS, minSeparation: 2, bands: 2 },
      }),
    counted: countedOf,
    due: (repeated) => 1 + repeated.filter((count) => count > 0).length,
    answer: plainAnswer,
  },
};

/** The last round whose training is in a store's checkpoint; 0 before the first. */
async function savedRound(store: MemoryCheckpoints): Promise<number> {
  const bytes = store.saved.get("start-1");
  if (bytes === undefined) return 0;
  const { rounds, trained } = roundsFromRecords(await decodeRecords(bytes));
  return trained?.round ?? rounds.length;
}

/** What a run of several processes counted, and what is due. */
interface Outcome {
  readonly counted: number;
  readonly due: number;
  /** Steps of the last process. */
  readonly steps: number;
}

/** Runs a case in processes that are killed after some steps, and one that is not. */
async function runKilled(one: Case, kills: readonly number[]): Promise<Outcome> {
  const store = new MemoryCheckpoints();
  const repeated: number[] = [];
  for (const kill of [...kills, Infinity]) {
    const left: Left = new Set();
    const leave = (round: number) => void left.add(round);
    const process = new Process(kill);
    let strategy!: Strategy;
    const make = () => strategy = one.make(leave);
    const running = start(make, store, process, {
      numRounds: ROUNDS,
      initialArrays: MODEL,
      answer: one.answer(leave),
      evaluateFn: async (round) => {
        await process.step();
        if (round > 0) leave(round);
        await process.step();
        return undefined;
      },
    });
    const isKilled = await running.then(() => false, (error) => {
      // Nodes refuse to repeat the first round of a secure sum, which ends the run.
      if (kill === Infinity && error.code === "permission-denied") return false;
      assert.match(String(error), /killed/);
      return true;
    });
    if (!isKilled) {
      return { counted: one.counted(strategy), due: one.due(repeated), steps: process.steps };
    }
    // The next process repeats the rounds that are not in the checkpoint.
    const saved = await savedRound(store);
    repeated.push([...left].filter((round) => round > saved).length);
  }
  throw new Error("unreachable");
}

/** Kills a case at each step, and once more at several steps of the process that goes on. */
async function assertCounts(one: Case): Promise<void> {
  const { counted, due, steps } = await runKilled(one, []);
  assert.equal(counted, due, "of a run that is not killed");
  let most = 0;
  for (let first = 0; first < steps; first++) {
    for (const second of [undefined, 0, 3, 5, 6, 7, 8, 9]) {
      const kills = second === undefined ? [first] : [first, second];
      const outcome = await runKilled(one, kills);
      const about = `killed after steps ${kills}: ${JSON.stringify(outcome)}`;
      assert.ok(outcome.counted >= outcome.due, about);
      assert.ok(outcome.counted <= due + kills.length, about);
      most = Math.max(most, outcome.due);
    }
  }
  // Without a callback in the aggregation, no training is repeated whose release has left.
  assert.equal(most > due, one.leavesEarly ?? true);
}

for (const [name, one] of Object.entries(CASES)) {
  Deno.test(`privacy with ${name}: a run that is killed at any step counts each release that has left`, async () => {
    await assertCounts(one);
  });
}

Deno.test("a count of releases that cannot be saved ends the run before anything is released", async () => {
  const store = new MemoryCheckpoints();
  const full = {
    save: (name: string, bytes: Uint8Array) =>
      name.endsWith("-releases") ? Promise.reject(new Error("disk full")) : store.save(name, bytes),
    load: (name: string) => store.load(name),
  };
  const left: Left = new Set();
  let drawn = 0;
  const noise = { gaussian: () => void drawn++, laplace() {} };
  const make = () =>
    new DifferentialPrivacyServerSideFixedClipping(inner((round) => left.add(round)), {
      ...{ ...options(), forTestsNoise: noise },
    });
  const answer = plainAnswer((round) => left.add(round));
  const run = start(make, full, new Process(), { initialArrays: MODEL, answer });
  await assert.rejects(run, { code: "unavailable" });
  assert.deepEqual([drawn, [...left]], [0, []]);
});

Deno.test("a count of releases of another strategy or version, or a damaged one, is refused", async () => {
  const make = () => CASES["a fixed norm"]!.make(() => {});
  const refusal = async (change: (about: ConfigRecord, releases: RecordDict) => void) => {
    const store = new MemoryCheckpoints();
    await start(make, store, new Process(), { numRounds: 1, initialArrays: MODEL });
    const releases = await decodeRecords(store.saved.get("start-1-releases")!);
    // As if the round had not been saved.
    const about = releases.configRecord("releases").set("round", 2);
    change(about, releases);
    store.saved.set("start-1-releases", await encodeRecords(releases));
    const process = new Process();
    const error = await start(make, store, process, { numRounds: 2, initialArrays: MODEL })
      .then(() => undefined, (error) => error);
    if (error !== undefined) assert.equal(process.steps, 0);
    return error?.code;
  };
  assert.equal(await refusal(() => {}), undefined);
  const misfits = "failed-precondition";
  assert.equal(await refusal((about) => about.set("strategy", "FedAdam")), misfits);
  assert.equal(await refusal((about) => about.set("version", 2)), misfits);
  assert.equal(await refusal((_, releases) => releases.delete("counted/privacy")), misfits);
  assert.equal(await refusal((_, releases) => releases.delete("releases")), "data-loss");
  const other = new ConfigRecord({ accountant: "{" });
  assert.equal(await refusal((_, releases) => releases.set("counted/privacy", other)), misfits);
});

Deno.test("privacy of a secure sum: a run that is killed at any step counts each sum that was revealed", async () => {
  const identities = await trustedIdentities(NODES);
  const app = new ClientApp().train(
    (message) => Promise.resolve(replyOf(message).content),
    { mods: [secureAggregationMod()] },
  );
  const working = new Map<NodeId, Promise<unknown>>();
  const one = (contexts: ReadonlyMap<NodeId, Context>, revealed: Left): Case => ({
    make: () =>
      new SecureAggregation(
        new FedAvg({ fractionTrain: 0.6, fractionEvaluate: 0, minTrainNodes: 3 }),
        {
          privacy: { clippingNorm: 1, epsilon: 8, delta: 1e-5, rounds: 2 * ROUNDS },
        },
      ),
    counted: (strategy) => {
      const budget = strategy.saveReleases().configRecord("secure-aggregation-budget");
      if (!budget.has("last")) return 0;
      return Math.round(budget.numbers("rdp")[9]! / budget.numbers("last")[9]!);
    },
    // Nodes send one vector in a round: each round is revealed once at most.
    due: () => revealed.size,
    answer: () => (message) => {
      const record = message.content.configRecords.get(PROTOCOL_RECORD);
      if (record?.string("stage") === "reveal") revealed.add(Number(message.metadata.groupId));
      // A node works on one message after the other, also on those of a process that was killed.
      const { dstNodeId: nodeId } = message.metadata;
      const work = (working.get(nodeId) ?? Promise.resolve())
        .then(() => app.handle(message, contexts.get(nodeId)!));
      working.set(nodeId, work);
      return work;
    },
  });
  const run = async (kills: readonly number[]) => {
    const contexts = new Map(NODES.map((nodeId): [NodeId, Context] => [nodeId, {
      ...{ runId: 7n, nodeId, nodeConfig: new ConfigRecord(), runConfig: new ConfigRecord() },
      ...{ state: new RecordDict(), registeredKey: identities.get(nodeId) },
    }]));
    return await runKilled(one(contexts, new Set()), kills);
  };
  const { counted, due, steps } = await run([]);
  assert.deepEqual([counted, due], [ROUNDS, ROUNDS]);
  for (let kill = 0; kill < steps; kill++) {
    const outcome = await run([kill]);
    const about = `killed after step ${kill}: ${JSON.stringify(outcome)}`;
    assert.ok(outcome.counted >= outcome.due && outcome.counted <= ROUNDS + 1, about);
  }
});
