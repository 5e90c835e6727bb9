import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { settle } from "../../base/testing/settle.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { decryptFernet, encryptFernet } from "../../secagg/fernet.ts";
import type { KeysShared } from "../../secagg/plus/node_state.ts";
import { shareCounts } from "../../secagg/plus/share_counts.ts";
import { decodeShareMessage, encodeShareMessage } from "../../secagg/plus/share_message.ts";
import type { ClientMod } from "../client_mod.ts";
import type { Message } from "../message.ts";
import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import type { Result } from "../result.ts";
import { RecordDict } from "../record_dict.ts";
import { coordinateMedian } from "../strategy/aggregator/order_statistics.ts";
import { Bulyan } from "../strategy/bulyan.ts";
import { ComposedStrategy } from "../strategy/composed_strategy.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedBuff } from "../strategy/fedbuff.ts";
import { FedAdagrad, FedAdam, FedYogi } from "../strategy/fedopt.ts";
import { FedProx } from "../strategy/fedprox.ts";
import { Krum } from "../strategy/krum.ts";
import { FedMedian } from "../strategy/order_statistics.ts";
import type { Round } from "../strategy/strategy.ts";
import { FedXgbBagging } from "../strategy/xgb/fedxgb_bagging.ts";
import { CONFIGS, STATE } from "./records.ts";
import { SecAggPlus } from "./secaggplus.ts";
import { secAggPlusMod } from "./secaggplus_mod.ts";
import { stateFromRecord } from "./state_record.ts";
import { Federation, stageOf, type Tamper } from "./testing/federation.ts";

const training = { fractionEvaluate: 0, minTrainNodes: 3 };
const secure = (options = {}) =>
  new SecAggPlus(new FedAvg(training), { maxWeight: 100, ...options });

/** A step of quantisation at the weight of one node: what a mean may be away from the exact one. */
const TOLERANCE = 1e-4;

function assertMean(federation: Federation, { arrays }: Result, ids: readonly NodeId[]): void {
  const expected = federation.mean(ids);
  const tensors = arrays.tensors();
  for (const name of ["w", "b"] as const) {
    const { dtype, data } = tensors.get(name)!;
    assert.equal(dtype, "float32");
    expected[name].forEach((value, i) => {
      const away = Math.abs(Number(data[i]) - value);
      assert.ok(away < TOLERANCE, `${name}[${i}] is ${data[i]}, expected ${value}`);
    });
  }
}

/** Nodes that do not answer from a stage on. */
function lose(stage: string, ...ids: NodeId[]): Tamper {
  return (instruction, _reply, asked) =>
    asked === stage && ids.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "lost")
      : undefined;
}

Deno.test("secagg+: the mean of all models, with all shares, a ring, and several rounds", async () => {
  for (
    const [nodes, options] of [
      [3, {}],
      [5, { numShares: 3, reconstructionThreshold: 2 }],
      [6, { numShares: 4, reconstructionThreshold: 3 }], // even: 5 shares
      [6, {}], // even: all
      [5, { modulusRange: 2 ** 24, quantizationRange: 2 ** 21, clippingRange: 5 }],
    ] as const
  ) {
    const federation = new Federation({ nodes });
    const result = await federation.run(secure(options), 2);
    assertMean(federation, result, federation.ids);
    for (const { train } of result.rounds) {
      assert.deepEqual(train!.results, federation.ids);
      assert.equal(train!.metrics!.get("loss"), 0.5);
      assert.deepEqual(train!.failures, []);
    }
    for (const { state } of federation.contexts.values()) assert.ok(!state.has(STATE));
  }
});

Deno.test("secagg+: the server sees no model, and no two masked vectors of a node are alike", async () => {
  const seen: string[] = [];
  const federation = new Federation({
    nodes: 3,
    tamper: (_instruction, reply, stage) => {
      if (stage !== "collect_masked_vectors") return undefined;
      assert.deepEqual([...reply.content.arrayRecord("fitres.parameters").keys()], ["_empty"]);
      const masked = reply.content.configRecord(CONFIGS).get("masked_params") as Uint8Array[];
      seen.push(...masked.map((bytes) => bytes.toBase64()));
    },
  });
  await federation.run(secure(), 2);
  assert.equal(new Set(seen).size, 2 * 3 * 3);
});

Deno.test("secagg+: nodes lost in each stage do not cost the round", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors", "unmask"]) {
    for (const options of [{}, { numShares: 5, reconstructionThreshold: 3 }]) {
      const federation = new Federation({ nodes: 6, tamper: lose(stage, 102n, 105n) });
      const result = await federation.run(secure(options));
      const [{ train }] = result.rounds as [typeof result.rounds[0]];
      // A node that is lost in "unmask" has its model in the sum.
      const there = stage === "unmask" ? federation.ids : [101n, 103n, 104n, 106n];
      assert.deepEqual(train!.results, there, `${stage}: ${train!.failures[0]?.reason}`);
      const failed = train!.failures.map(({ nodeId, code }) => [nodeId, code]);
      assert.deepEqual(failed, stage === "unmask" ? [] : [[102n, 2], [105n, 2]]);
      assertMean(federation, result, there);
    }
  }
});

Deno.test("secagg+: a node that never answers costs a stage's timeout, not the round", async () => {
  for (const stage of ["share_keys", "collect_masked_vectors", "unmask"]) {
    const clock = new FakeClock();
    const federation = new Federation({
      nodes: 4,
      clock,
      isSilent: ({ metadata }, asked) => asked === stage && metadata.dstNodeId === 104n,
    });
    let result: Result | undefined;
    const running = federation.run(secure({ timeout: 60 })).then((made) => result = made);
    const others = () => federation.answered.filter((answered) => answered === stage).length;
    while (others() < 3) await settle();
    while (result === undefined) {
      await clock.advance(10);
      await settle();
    }
    await running;
    const there = stage === "unmask" ? federation.ids : federation.ids.slice(0, 3);
    assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    assertMean(federation, result, there);
  }
});

Deno.test("secagg+: nodes lost in different stages of one round", async () => {
  const losses = [
    lose("setup", 101n),
    lose("share_keys", 102n),
    lose("collect_masked_vectors", 103n),
    lose("unmask", 104n),
  ];
  const federation = new Federation({
    nodes: 9,
    tamper: (...args) => losses.map((loss) => loss(...args)).find((reply) => reply !== undefined),
  });
  const result = await federation.run(secure({ reconstructionThreshold: 0.55 }));
  assertMean(federation, result, federation.ids.slice(3));
});

Deno.test("secagg+: only nodes whose shares were delivered are called dead", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors"]) {
    const dead: bigint[] = [];
    const loss = lose(stage, 102n);
    const federation = new Federation({
      nodes: 4,
      tamper: (instruction, reply, asked) => {
        if (asked === "unmask") {
          const typed = instruction.content.configRecord(CONFIGS).typed("dead_nids");
          dead.push(...typed!.value as bigint[]);
        }
        return loss(instruction, reply, asked);
      },
    });
    await federation.run(secure());
    const expected = stage === "collect_masked_vectors" ? [102n, 102n, 102n] : [];
    assert.deepEqual(dead, expected, stage);
  }
});

Deno.test("secagg+: too few nodes left end the round without a model, and the next is whole again", async () => {
  for (const stage of ["setup", "share_keys", "collect_masked_vectors", "unmask"]) {
    let rounds = 0;
    const loss = lose(stage, 101n, 102n);
    const federation = new Federation({
      nodes: 4,
      tamper: (instruction, reply, asked) =>
        instruction.metadata.groupId === "1" ? loss(instruction, reply, asked) : undefined,
    });
    const result = await federation.run(secure(), 2);
    const [first, second] = result.rounds;
    assert.equal(first!.train!.aggregated, false, stage);
    assert.equal(second!.train!.aggregated, true, stage);
    assertMean(federation, result, federation.ids);
    rounds++;
    assert.equal(rounds, 1);
  }
});

function withConfigs(reply: Message, key: string, value: Parameters<ConfigRecord["set"]>[1]) {
  const configs = new ConfigRecord();
  for (const [name, typed] of reply.content.configRecord(CONFIGS).typedEntries()) {
    configs.setTyped(name, typed);
  }
  return reply.withContent(
    new RecordDict([...reply.content, [CONFIGS, configs.set(key, value)]]),
  );
}

Deno.test("secagg+ attack: a node that replays a share of an earlier round is found", async () => {
  const old = new Map<string, Uint8Array>();
  const federation = new Federation({
    nodes: 5,
    tamper: (instruction, reply, stage) => {
      if (stage !== "unmask" || instruction.metadata.dstNodeId !== 103n) return undefined;
      const configs = reply.content.configRecord(CONFIGS);
      const owners = configs.get("nids") as number[];
      const shares = configs.get("shares") as Uint8Array[];
      if (instruction.metadata.groupId === "1") {
        owners.forEach((owner, i) => old.set(String(owner), shares[i]!));
        return undefined;
      }
      return withConfigs(reply, "shares", owners.map((owner) => old.get(String(owner))!));
    },
  });
  const result = await federation.run(secure(), 2);
  assert.equal(result.rounds[1]!.train!.aggregated, true);
  assertMean(federation, result, federation.ids);
  assert.ok(federation.notes.some((note) => note.includes("103")), "the log names the node");
});

/** A node changes one bit of each share of another node that it gives. */
const changedShares: Tamper = (instruction, reply, stage) => {
  if (stage !== "unmask" || instruction.metadata.dstNodeId !== 101n) return undefined;
  const configs = reply.content.configRecord(CONFIGS);
  const owners = configs.get("nids") as number[];
  const shares = (configs.get("shares") as Uint8Array[]).map((share) => Uint8Array.from(share));
  owners.forEach((owner, i) => {
    if (owner !== 101) shares[i]![4]! ^= 1;
  });
  return withConfigs(reply, "shares", shares);
};

Deno.test("secagg+ attack: a wrong share gives the right model or none, and names no other node", async () => {
  for (const nodes of [3, 4, 5, 6, 7, 8]) {
    const federation = new Federation({ nodes, tamper: changedShares });
    const { threshold } = shareCounts({ numShares: 1, reconstructionThreshold: 2 / 3 }, nodes);
    const wrong = () => federation.notes.filter((note) => /held by/.test(note));
    if (nodes >= threshold + 2) {
      assertMean(federation, await federation.run(secure()), federation.ids);
      assert.ok(wrong().length > 0);
      assert.ok(wrong().every((note) => /101/.test(note)), wrong().join("\n"));
    } else {
      await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
      assert.deepEqual(wrong(), []);
    }
  }
});

Deno.test("secagg+ attack: of a share that was sent wrong, both its owner and its holder are named", async () => {
  const honest = secAggPlusMod();
  const [dealer, victim] = [101n, 105n];
  const mod: ClientMod = async (message, context, next) => {
    const reply = await honest(message, context, next);
    if (context.nodeId !== dealer || stageOf(message) !== "share_keys") return reply;
    const state = stateFromRecord(context.state.get(STATE) as ConfigRecord) as KeysShared;
    const { shareKey } = state.peers.get(victim)!;
    const configs = reply.content.configRecord(CONFIGS);
    const ciphertexts = [...configs.get("ctxts") as Uint8Array[]];
    const at = (configs.get("dsts") as number[]).indexOf(Number(victim));
    const shares = decodeShareMessage(await decryptFernet(shareKey, ciphertexts[at]!));
    const seedShare = Uint8Array.from(shares.seedShare);
    seedShare[4]! ^= 1;
    ciphertexts[at] = await encryptFernet(shareKey, encodeShareMessage({ ...shares, seedShare }));
    return withConfigs(reply, "ctxts", ciphertexts);
  };
  const federation = new Federation({ nodes: 5, mods: [mod] });
  assertMean(federation, await federation.run(secure()), federation.ids);
  const notes = federation.notes.filter((note) => note.includes("left out"));
  assert.equal(notes.length, 1);
  for (const id of [dealer, victim]) assert.ok(notes[0]!.includes(String(id)), notes[0]!);
});

Deno.test("secagg+ attack: a wrong share that nobody can see still gives no model: the sum's weight is wrong", async () => {
  // One node lost: as many shares as the threshold are left, which fit together whatever they are.
  const losses = lose("unmask", 103n);
  const federation = new Federation({
    nodes: 3,
    tamper: (...args) => losses(...args) ?? changedShares(...args),
  });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
  assert.ok(federation.notes.some((note) => /weight/.test(note)), federation.notes.join("\n"));
});

Deno.test("secagg+ attack: a number of examples other than the one in the sum ends the round", async () => {
  const federation = new Federation({
    nodes: 4,
    tamper: (instruction, reply, stage) => {
      const { dstNodeId, groupId } = instruction.metadata;
      if (stage !== "collect_masked_vectors" || dstNodeId !== 102n || groupId !== "1") return;
      const examples = ["fitres.num_examples", new MetricRecord({ num_examples: 21 })] as const;
      return reply.withContent(new RecordDict([...reply.content, examples]));
    },
  });
  const result = await federation.run(secure(), 2);
  const aggregated = result.rounds.map(({ train }) => train!.aggregated);
  assert.deepEqual(aggregated, [false, true]);
  assertMean(federation, result, federation.ids);
});

Deno.test("secagg+ attack: a node that sends another node's share, or shares of strangers, is no help", async () => {
  for (const attack of ["copied", "strangers", "short", "none", "many"] as const) {
    const federation = new Federation({
      nodes: 5,
      tamper: (instruction, reply, stage) => {
        if (stage !== "unmask" || instruction.metadata.dstNodeId !== 103n) return undefined;
        const shares = reply.content.configRecord(CONFIGS).get("shares") as Uint8Array[];
        switch (attack) {
          case "copied":
            return withConfigs(reply, "shares", shares.map(() => shares[0]!));
          case "strangers":
            return withConfigs(reply, "nids", shares.map((_, i) => 900n + BigInt(i)));
          case "short":
            return withConfigs(reply, "shares", shares.map((share) => share.subarray(0, 7)));
          case "none":
            return withConfigs(reply, "shares", []);
          case "many":
            return withConfigs(reply, "shares", [...shares, ...shares]);
        }
      },
    });
    const result = await federation.run(secure({ reconstructionThreshold: 0.6 }));
    assertMean(federation, result, federation.ids);
  }
});

Deno.test("secagg+ attack: replies that cannot be used make their node a failure, not a round lost", async () => {
  const attacks: [string, (reply: Message) => Message][] = [
    ["setup", (reply) => withConfigs(reply, "pk1", new Uint8Array(215))],
    ["setup", (reply) => withConfigs(reply, "pk1", "text")],
    ["setup", (reply) => reply.withContent({})],
    ["share_keys", (reply) => withConfigs(reply, "dsts", [101n, 102n, 104n])],
    ["share_keys", (reply) => withConfigs(reply, "ctxts", [])],
    ["collect_masked_vectors", (reply) => withConfigs(reply, "masked_params", [])],
    ["collect_masked_vectors", (reply) => withConfigs(reply, "masked_params", [new Uint8Array(9)])],
    ["collect_masked_vectors", (reply) => {
      const metrics = new MetricRecord({ num_examples: 101 });
      return reply.withContent(
        new RecordDict([...reply.content, ["fitres.num_examples", metrics]]),
      );
    }],
  ];
  for (const [stage, change] of attacks) {
    const federation = new Federation({
      nodes: 5,
      tamper: (instruction, reply, asked) =>
        asked === stage && instruction.metadata.dstNodeId === 105n ? change(reply) : undefined,
    });
    const result = await federation.run(secure());
    const { train } = result.rounds[0]!;
    assert.deepEqual(train!.results, [101n, 102n, 103n, 104n], stage);
    assert.deepEqual(train!.failures.map(({ nodeId, code }) => [nodeId, code]), [[
      105n,
      undefined,
    ]]);
    assertMean(federation, result, [101n, 102n, 103n, 104n]);
  }
});

Deno.test("secagg+: a node that refuses its weight is left out, and the log has the reason", async () => {
  const federation = new Federation({ nodes: 4, numExamples: (place) => place === 3 ? 101 : 10 });
  const result = await federation.run(secure());
  assertMean(federation, result, federation.ids.slice(0, 3));
  assert.match(result.rounds[0]!.train!.failures[0]!.reason, /101.*100/);
});

Deno.test("secagg+: weights that are 0 together give no model", async () => {
  const federation = new Federation({ nodes: 3, numExamples: () => 0 });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
});

Deno.test("secagg+: other strategies work on the mean", async () => {
  const federation = new Federation({ nodes: 3 });
  const strategy = new SecAggPlus(new FedAdam(training), { maxWeight: 100 });
  assert.equal(strategy.name, "FedAdam with SecAgg+");
  const { arrays } = await federation.run(strategy);
  const open = new Federation({ nodes: 3, mods: [] });
  const plain = await open.run(new FedAdam(training));
  const [secret, known] = [arrays.tensors().get("w")!.data, plain.arrays.tensors().get("w")!.data];
  known.forEach((value, i) => assert.ok(Math.abs(Number(value) - Number(secret[i])) < 1e-3));
});

Deno.test("secagg+: evaluation passes", async () => {
  const federation = new Federation({ nodes: 3 });
  const strategy = new SecAggPlus(new FedAvg({ minTrainNodes: 3 }), { maxWeight: 100 });
  const result = await federation.run(strategy);
  assert.equal(result.rounds[0]!.evaluate!.nodeIds.length, 3);
});

Deno.test("secagg+: options and strategies that make no sense are refused", () => {
  const invalid = { code: "invalid-argument" };
  for (
    const options of [
      { numShares: 0 },
      { numShares: 2 },
      { numShares: 3.5 },
      { numShares: NaN },
      { reconstructionThreshold: 0.5 },
      { reconstructionThreshold: 1.5 },
      { reconstructionThreshold: 0 },
      { numShares: 5, reconstructionThreshold: 2 },
      { numShares: 5, reconstructionThreshold: 6 },
      { maxWeight: 0 },
      { maxWeight: Infinity },
      { clippingRange: -1 },
      { clippingRange: NaN },
      { quantizationRange: 0 },
      { quantizationRange: 1.5 },
      { quantizationRange: 2 ** 31 },
      { modulusRange: 2 ** 33 },
      { modulusRange: 1000 },
      { modulusRange: 2 ** 23 }, // three nodes overflow
      { timeout: 0 },
      { numshares: 3 },
    ]
  ) {
    assert.throws(() => secure(options), invalid, JSON.stringify(options));
  }
});

Deno.test("SecAggPlus: accepts only strategies that need the mean alone, in rounds that are not their own", () => {
  class OwnStart extends FedAvg {
    override start() {
      return Promise.reject(new Error("not called"));
    }
    override get usesMeanOnly() {
      return true;
    }
  }
  class OwnAggregation extends FedAvg {
    override aggregateTrain(round: Round, replies: readonly Message[]) {
      return super.aggregateTrain(round, replies.slice(1));
    }
  }
  for (
    const strategy of [
      new Krum(),
      new FedMedian(),
      new Bulyan(),
      new FedBuff(),
      new FedXgbBagging(),
      new ComposedStrategy({ aggregator: coordinateMedian() }),
      new OwnStart(),
      new OwnAggregation(),
    ]
  ) {
    assert.throws(
      () => new SecAggPlus(strategy),
      { code: "invalid-argument", message: new RegExp(strategy.name) },
      strategy.name,
    );
  }
  const kinds = [FedAvg, FedAvgM, FedAdagrad, FedAdam, FedYogi];
  for (const kind of kinds) assert.ok(new SecAggPlus(new kind()));
  assert.ok(new SecAggPlus(new FedProx({ proximalMu: 0.1 })));
});

Deno.test("secagg+: too few nodes, and options that do not fit their number, are refused before any message", async () => {
  const two = { ...training, minTrainNodes: 2 };
  for (
    const [nodes, options] of [
      [2, {}],
      [4, { reconstructionThreshold: 5 }],
      [9, { reconstructionThreshold: 4 }],
      [4, { modulusRange: 2 ** 24 }], // 4 · 2²² = 2²⁴
    ] as const
  ) {
    const federation = new Federation({ nodes });
    const strategy = new SecAggPlus(new FedAvg(two), { maxWeight: 100, ...options });
    await assert.rejects(federation.run(strategy), {
      code: /failed-precondition|invalid-argument/,
    });
    assert.equal(
      federation.driver.pushed.filter((message) => stageOf(message) !== undefined).length,
      0,
    );
  }
});

Deno.test("SecAggPlus: a checkpoint contains the state of the strategy inside", () => {
  const inside = new FedAdam();
  const strategy = new SecAggPlus(inside, { maxWeight: 100 });
  assert.deepEqual([...strategy.saveState().keys()], [...inside.saveState().keys()]);
  assert.ok(strategy.saveState().size > 0);
  strategy.loadState(strategy.saveState());
});
