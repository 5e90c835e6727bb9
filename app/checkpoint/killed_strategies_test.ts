/** Runs of strategies with state of their own, killed and continued. */
import assert from "node:assert/strict";
import golden from "../../tests/vectors/flwr-1.42/strategies.json" with { type: "json" };
import { sha256Hex } from "../../base/platform.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ClientApp } from "../client_app.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import { translateAtNode } from "../legacy/messages.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { DifferentialPrivacyMatrixMechanism } from "../privacy/matrix_mechanism.ts";
import {
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
} from "../privacy/wrappers.ts";
import { RecordDict } from "../record_dict.ts";
import { SecAggPlus } from "../secagg/secaggplus.ts";
import { secAggPlusMod } from "../secagg/secaggplus_mod.ts";
import { Bulyan } from "../strategy/bulyan.ts";
import { FedAsync, FedBuff } from "../strategy/fedbuff.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedDyn } from "../strategy/feddyn.ts";
import { FedNova } from "../strategy/fednova.ts";
import { FedAdam } from "../strategy/fedopt.ts";
import { QFedAvg } from "../strategy/qfedavg.ts";
import { momentumRule } from "../strategy/rule/momentum.ts";
import { CONTROL_RECORD, Scaffold } from "../strategy/scaffold.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { plain } from "../testing.ts";
import { FedXgbBagging } from "../strategy/xgb/fedxgb_bagging.ts";
import { FedXgbCyclic } from "../strategy/xgb/fedxgb_cyclic.ts";
import { xgbArrays } from "../strategy/xgb/fedxgb.ts";
import { decodeRecords } from "./encode.ts";
import { roundsFromRecords } from "./rounds_checkpoint.ts";
import {
  assertContinues,
  type Ended,
  NODES,
  Process,
  ROUNDS,
  start,
  visible,
} from "./testing/killed_run.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

const MODEL = ArrayRecord.fromTensors({
  w: tensor("float32", [4, 2], new Float32Array(8).fill(0.25)),
});

/** Numbers from −1 to 1, in steps of 2⁻¹⁰, that depend on all bits of a text and records. */
function numbers(about: string, ...records: readonly ArrayRecord[]): Float32Array {
  const bytes = records.flatMap((record) => [...record.values()].map(({ data }) => data.toHex()));
  const hash = Uint8Array.fromHex(sha256Hex([about, ...bytes].join()));
  return Float32Array.from({ length: 8 }, (_, i) => ((hash[2 * i]! << 3) - 1024) / 1024);
}

const record = (values: Float32Array) =>
  ArrayRecord.fromTensors({ w: tensor("float32", [4, 2], values) });

/** A node without state: what it replies depends on all that it was sent, and on nothing else. */
function answer(message: Message): Message {
  const { dstNodeId, messageType } = message.metadata;
  const { content } = message;
  const sent = content.arrayRecord("arrays");
  const config = content.configRecord("config");
  const control = content.arrayRecords.get(CONTROL_RECORD);
  const settings = JSON.stringify(config.toObject(), (_, value) => String(value));
  const about = `${dstNodeId} ${messageType} ${settings}`;
  const [own, change] = ["model", "change"].map((what) =>
    numbers(`${about} ${what}`, sent, ...control === undefined ? [] : [control])
  ) as [Float32Array, Float32Array];
  const round = config.number("server-round");
  return message.reply({
    arrays: record(own),
    metrics: new MetricRecord({
      ...{ "num-examples": 10 + round, loss: own[0]!, train_loss: Math.abs(own[1]!) },
      ...{ "local-steps": 1 + round % 3 },
    }),
    ...control !== undefined && { [CONTROL_RECORD]: record(change) },
  });
}

/** Noise that is 0: what draws real noise is never equal twice. */
const forTestsNoise = { gaussian() {}, laplace() {} };
const accountant = () =>
  new RdpAccountant({ targetDelta: 1e-5, populationSize: 5, maxEpsilon: 1000 });
const adaptive = {
  noiseMultiplier: 1,
  numSampledClients: 5,
  initialClippingNorm: 0.3,
  clippedCountStddev: 2,
  forTestsNoise,
};

const CASES: Readonly<Record<string, () => Strategy>> = {
  Scaffold: () => new Scaffold({ seed: 1, fractionTrain: 0.6 }),
  FedNova: () => new FedNova({ seed: 2, fractionTrain: 0.6 }),
  FedDyn: () => new FedDyn({ alpha: 0.5, seed: 3, fractionTrain: 0.6 }),
  QFedAvg: () => new QFedAvg({ clientLearningRate: 0.5, seed: 4, fractionTrain: 0.6 }),
  Bulyan: () => new Bulyan({ numMaliciousNodes: 0, seed: 5 }),
  // Buffers that wait for all nodes: no instruction is out when a version is made.
  "FedBuff of all nodes": () =>
    new FedBuff({
      bufferSize: 5,
      minAvailableNodes: 5,
      rule: momentumRule({ serverMomentum: 0.9 }),
    }),
  "FedAsync of one node at a time": () =>
    new FedAsync({ concurrency: 1, minAvailableNodes: 5, seed: 8 }),
};

for (const [name, make] of Object.entries(CASES)) {
  Deno.test(`${name}: a run that is killed at 20 points ends as without it, bit for bit`, async () => {
    await assertContinues(make, { initialArrays: MODEL, answer });
  });
}

/** All but the privacy loss: a release that was repeated may count twice. */
function withoutEpsilon(ended: Ended): unknown {
  const { arrays, history } = visible(ended);
  const own = ended.records.configRecord("privacy");
  assert.ok(own.has("accountant"));
  own.set("accountant", "");
  return {
    arrays,
    history: JSON.parse(
      JSON.stringify(history),
      (name, value) => name === "privacy-epsilon" ? 0 : value,
    ),
    state: plain(ended.records),
  };
}

/** Strategies that count their releases: killed_privacy_test.ts says what they count. */
const COUNTING: Readonly<Record<string, () => Strategy>> = {
  "DP with a fixed norm around FedAdam": () =>
    new DifferentialPrivacyServerSideFixedClipping(new FedAdam({ seed: 6 }), {
      ...{ clippingNorm: 0.5, noiseMultiplier: 1, numSampledClients: 5 },
      ...{ accountant: accountant(), forTestsNoise },
    }),
  "DP with an adaptive norm": () =>
    new DifferentialPrivacyServerSideAdaptiveClipping(new FedAvg(), {
      ...adaptive,
      accountant: accountant(),
    }),
};

for (const [name, make] of Object.entries(COUNTING)) {
  Deno.test(`${name}: a run that is killed at 20 points ends as without it but for ε, bit for bit`, async () => {
    await assertContinues(make, { initialArrays: MODEL, answer }, 20, withoutEpsilon);
  });
}

/** The keys of correlated noise are random: here each run has the same. */
function withKey(strategy: DifferentialPrivacyMatrixMechanism): DifferentialPrivacyMatrixMechanism {
  const state = strategy.saveState();
  const own = state.configRecord("privacy");
  const noise = JSON.parse(own.string("correlated-noise"));
  own.set("correlated-noise", JSON.stringify({ ...noise, key: "5a".repeat(32) }));
  strategy.loadState(state);
  return strategy;
}

Deno.test("DifferentialPrivacyMatrixMechanism: a run that is killed at 20 points ends as without it but for ε, bit for bit", async () => {
  const make = () =>
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
    );
  await assertContinues(make, { initialArrays: MODEL, answer }, 20, withoutEpsilon);
});

Deno.test("DP with an adaptive norm at the nodes: a killed run ends as without it, bit for bit", async () => {
  const make = () => new DifferentialPrivacyClientSideAdaptiveClipping(new FedAvg(), adaptive);
  const clipped = (message: Message) => {
    const reply = answer(message);
    const norm = message.content.configRecord("config").get("clipping_norm");
    reply.content.metricRecord("metrics").set("norm_bit", Number(norm) > 0.2 ? 1 : 0);
    return reply;
  };
  await assertContinues(make, { initialArrays: MODEL, answer: clipped });
});

Deno.test("SecAgg+ around FedAdam: a killed run ends as without it, bit for bit", async () => {
  const app = new ClientApp()
    .train((message) => Promise.resolve(answer(message).content), { mods: [secAggPlusMod()] })
    .evaluate((message) => Promise.resolve(answer(message).content));
  // Nodes outlive the ServerApp's process.
  const contexts = new Map(NODES.map((nodeId): [bigint, Context] => [nodeId, {
    ...{ runId: 7n, nodeId, nodeConfig: new ConfigRecord(), runConfig: new ConfigRecord() },
    state: new RecordDict(),
  }]));
  const working = new Map<bigint, Promise<unknown>>();
  // Weights of a power of two and models in steps of 2⁻¹⁰ are quantised exactly: nothing is rounded at random.
  const make = () => new SecAggPlus(new FedAdam({ seed: 9, minTrainNodes: 5 }), { maxWeight: 32 });
  await assertContinues(make, {
    initialArrays: MODEL,
    // A node works on one message after the other, also on those of a process that was killed.
    answer: (message) => {
      const nodeId = message.metadata.dstNodeId;
      const { instruction, reply } = translateAtNode(message);
      const work = (working.get(nodeId) ?? Promise.resolve())
        .then(() => app.handle(instruction, contexts.get(nodeId)!)).then(reply);
      working.set(nodeId, work);
      return work;
    },
  }, 5);
});

const TREES = golden.xgb_bagging["one tree each"].rounds.flatMap(({ replies }) => replies);

for (const make of [() => new FedXgbBagging({ seed: 3 }), () => new FedXgbCyclic()]) {
  Deno.test(`${make().name}: a run that is killed at 20 points ends as without it, bit for bit`, async () => {
    const boosted = (message: Message) => {
      const reply = answer(message);
      if (message.metadata.messageType.startsWith("evaluate")) return reply;
      const { data } = message.content.arrayRecord("arrays").values().next().value!;
      const place = Number(message.metadata.dstNodeId % 97n) + data.length;
      const trees = new TextEncoder().encode(TREES[place % TREES.length]!);
      return message.reply({
        arrays: xgbArrays(trees),
        metrics: reply.content.metricRecord("metrics"),
      });
    };
    await assertContinues(make, { initialArrays: xgbArrays(), answer: boosted });
  });
}

Deno.test("FedBuff with instructions that are out: what is before the checkpoint stays, and what follows depends on it alone", async () => {
  const make = () =>
    new FedBuff({
      ...{ bufferSize: 2, minAvailableNodes: 5, concurrency: 4, seed: 8 },
      rule: momentumRule({ serverMomentum: 0.9 }),
    });
  const options = { initialArrays: MODEL, answer };
  const whole = await start(make, new MemoryCheckpoints(), new Process(), options);
  const roundsOf = ({ result: { rounds } }: typeof whole) =>
    rounds.map(({ round, train }) => [round, train!.results, [...train!.metrics ?? []]]);
  let most = 0;
  for (let steps = 4; steps < whole.steps; steps += 5) {
    const store = new MemoryCheckpoints();
    await start(make, store, new Process(steps), options, { paced: true }).catch((error) => {
      assert.match(String(error), /killed/);
    });
    const copies = [store, new MemoryCheckpoints()] as const;
    const savedBytes = [...store.saved.values()][0]?.slice();
    for (const [name, bytes] of store.saved) copies[1].saved.set(name, bytes);
    const [first, second] = [
      await start(make, copies[0], new Process(), options),
      await start(make, copies[1], new Process(), options),
    ];
    assert.deepEqual(visible(first), visible(second), `killed after step ${steps}`);
    const [before, after] = [roundsOf(whole), roundsOf(first)];
    assert.deepEqual(after.map(([round]) => round), before.map(([round]) => round));
    const saved = savedBytes === undefined
      ? 0
      : roundsFromRecords(await decodeRecords(savedBytes)).rounds.length;
    assert.deepEqual(after.slice(0, saved), before.slice(0, saved), `killed after step ${steps}`);
    most = Math.max(most, saved);
  }
  assert.ok(most >= 2, `a run was killed after ${most} versions`);
});
