import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { settle } from "../../../base/testing/settle.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import { STAGES } from "../../../secagg/signed/node_state.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import type { ClientMod } from "../../client_mod.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import { RecordDict } from "../../record_dict.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import { FedAvgM } from "../../strategy/fedavgm.ts";
import { FedBuff } from "../../strategy/fedbuff.ts";
import { FedAdam } from "../../strategy/fedopt.ts";
import { Krum } from "../../strategy/krum.ts";
import { FedMedian } from "../../strategy/order_statistics.ts";
import { Grid } from "../../grid.ts";
import { Federation, type FederationOptions, nodeIds, type Tamper } from "../testing/federation.ts";
import { assertMean } from "../testing/secure_run.ts";
import type { Round } from "../../strategy/strategy.ts";
import type { SecureAggregationOptions } from "./options.ts";
import { HISTORY_RECORD, PROTOCOL_RECORD, STATE_RECORD, VECTOR, VECTOR_RECORD } from "./records.ts";
import { SecureAggregation } from "./secure_aggregation.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { trustedIdentities } from "./testing/identities.ts";

const training = { fractionEvaluate: 0, minTrainNodes: 3 };
const secure = (options: SecureAggregationOptions = {}) =>
  new SecureAggregation(new FedAvg(training), { maxWeight: 100, ...options });

async function federationOf(options: FederationOptions): Promise<Federation> {
  const identities = await trustedIdentities(nodeIds(options.nodes));
  return new Federation({ mods: [secureAggregationMod()], identities, ...options });
}

function stageOf(instruction: Message): string | undefined {
  return instruction.content.configRecords.get(PROTOCOL_RECORD)?.string("stage");
}

/** Nodes that do not answer from a stage on. */
function lose(stage: string, ...ids: NodeId[]): Tamper {
  return (instruction) =>
    stageOf(instruction) === stage && ids.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "lost")
      : undefined;
}

Deno.test("secure aggregation: the mean of all models and metrics, in both rings, over several rounds", async () => {
  for (
    const [nodes, options] of [
      [3, {}],
      [5, { ringBits: 64 as const, metrics: { loss: 10 } }],
      [4, { threshold: 1, clippingRange: 20, metrics: { loss: 1 } }],
    ] as const
  ) {
    const federation = await federationOf({ nodes });
    const result = await federation.run(secure(options), 2);
    assertMean(federation, result, federation.ids);
    for (const { train } of result.rounds) {
      assert.deepEqual(train!.results, federation.ids);
      assert.deepEqual(train!.failures, []);
      const loss = train!.metrics?.get("loss");
      if ("metrics" in options) assert.ok(Math.abs(Number(loss) - 0.5) < 1e-4, `loss ${loss}`);
      else assert.equal(loss, undefined);
    }
    for (const { state } of federation.contexts.values()) {
      assert.ok(!state.has(STATE_RECORD));
      assert.deepEqual(state.configRecord(HISTORY_RECORD).numbers("rounds"), [2]);
    }
  }
});

Deno.test("secure aggregation: with 64 bits the mean is as exact as float32", async () => {
  const federation = await federationOf({ nodes: 3 });
  const result = await federation.run(secure({ ringBits: 64 }));
  assertMean(federation, result, federation.ids, 3e-7);
});

Deno.test("secure aggregation: a node's replies have no model, metric or number of examples, only masked numbers", async () => {
  const seen: string[] = [];
  const federation = await federationOf({
    nodes: 3,
    tamper: (instruction, reply) => {
      const records = [...reply.content.keys()];
      if (stageOf(instruction) !== "collect") assert.deepEqual(records, [PROTOCOL_RECORD]);
      else {
        assert.deepEqual(records, [VECTOR_RECORD]);
        const vector = reply.content.arrayRecord(VECTOR_RECORD).tensors().get(VECTOR)!;
        assert.equal(vector.dtype, "uint32");
        // The number of examples, 4 + 3 elements, the loss.
        assert.deepEqual(vector.shape, [9]);
        seen.push(...Array.from(vector.data, String));
      }
      return undefined;
    },
  });
  await federation.run(secure({ metrics: { loss: 1 } }), 2);
  assert.equal(seen.length, 2 * 3 * 9);
  // Two equal ones among 54 random words have a probability of 3 · 10⁻⁷.
  assert.equal(new Set(seen).size, seen.length);
});

Deno.test("secure aggregation: nodes lost in each stage do not cost the round", async () => {
  for (const stage of STAGES) {
    const federation = await federationOf({ nodes: 6, tamper: lose(stage, 102n, 105n) });
    const result = await federation.run(secure());
    const { train } = result.rounds[0]!;
    // A node that is lost after "collect" has its model in the sum.
    const isLate = stage === "agree" || stage === "reveal";
    const there = isLate ? federation.ids : [101n, 103n, 104n, 106n];
    assert.deepEqual(train!.results, there, `${stage}: ${train!.failures[0]?.reason}`);
    const failed = train!.failures.map(({ nodeId, code }) => [nodeId, code]);
    assert.deepEqual(failed, isLate ? [] : [[102n, 2], [105n, 2]]);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a node that never answers costs a stage's timeout, not the round", async () => {
  for (const [place, stage] of STAGES.entries()) {
    if (stage === "advertise") continue;
    const clock = new FakeClock();
    const federation = await federationOf({
      nodes: 4,
      clock,
      isSilent: (instruction) =>
        stageOf(instruction) === stage && instruction.metadata.dstNodeId === 104n,
    });
    let replies = 0;
    federation.grid.subscribe(({ type }) => void (replies += type === "reply" ? 1 : 0));
    let isOver = false;
    const running = federation.run(secure({ timeout: 60 }));
    running.catch(() => {}).finally(() => isOver = true);
    // All replies but the silent node's: only its timeout may pass, because the others' work takes real time.
    while (replies < 4 * place + 3 && !isOver) await settle();
    await clock.advance(61);
    const result = await running;
    const isLate = stage === "agree" || stage === "reveal";
    const there = isLate ? federation.ids : federation.ids.slice(0, 3);
    assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a round with too few nodes has no new model, and the next one works", async () => {
  for (const stage of STAGES) {
    const federation = await federationOf({
      nodes: 4,
      tamper: (instruction, ...rest) =>
        instruction.metadata.groupId === "1"
          ? lose(stage, 101n, 102n)(instruction, ...rest)
          : undefined,
    });
    const result = await federation.run(secure(), 2);
    assert.equal(result.rounds[0]!.train!.aggregated, false, stage);
    assert.match(federation.notes.join("\n"), /expected at least 3.*no new model/);
    assert.deepEqual(result.rounds[1]!.train!.results, federation.ids, stage);
    assertMean(federation, result, federation.ids);
  }
});

Deno.test("secure aggregation: without registered keys the run ends before any training", async () => {
  let trained = 0;
  const counting: ClientMod = (message, context, next) => (trained++, next(message, context));
  const identities = await trustedIdentities(nodeIds(3));
  const withoutList = new Map(
    [...identities].map(([id, identity]) => [id, { ...identity, trustedKeys: undefined }]),
  );
  for (const given of [undefined, withoutList]) {
    const federation = new Federation({
      nodes: 3,
      mods: [secureAggregationMod(), counting],
      identities: given,
    });
    await assert.rejects(federation.run(secure()), {
      code: "permission-denied",
      message: given === undefined ? /no registered key/ : /no list of the nodes that it trusts/,
    });
  }
  assert.equal(trained, 0);
});

Deno.test("secure aggregation: unsigned keys need the test's option at both ends", async () => {
  const nodes = 3;
  const unsigned = { unsignedKeysForTests: true };
  const run = (mod: ClientMod, options: SecureAggregationOptions) =>
    new Federation({ nodes, mods: [mod] }).run(secure(options));
  await run(secureAggregationMod(unsigned), unsigned);
  const half = run(secureAggregationMod(unsigned), {});
  assert.equal((await half.catch((error) => error)).code, "failed-precondition");
  await assert.rejects(run(secureAggregationMod(), unsigned), { code: "permission-denied" });
});

Deno.test("secure aggregation: a node that is not trusted ends the run before any training", async () => {
  const identities = await trustedIdentities(nodeIds(3));
  const [stranger] = (await trustedIdentities([103n])).values();
  identities.set(103n, stranger!);
  let trained = 0;
  const counting: ClientMod = (message, context, next) => (trained++, next(message, context));
  const federation = new Federation({
    nodes: 3,
    mods: [secureAggregationMod(), counting],
    identities,
  });
  await assert.rejects(federation.run(secure()), {
    code: "permission-denied",
    message: /node 103 has a key that this node does not trust: SHA256:/,
  });
  assert.equal(trained, 0);
});

Deno.test("secure aggregation: vectors of another length, type or place, and garbage, count as failures", async () => {
  const vector = (dtype: "uint32" | "float32", length: number) => {
    const data = dtype === "uint32" ? new Uint32Array(length) : new Float32Array(length);
    return ArrayRecord.fromTensors({ [VECTOR]: tensor(dtype, [length], data as Uint32Array) });
  };
  for (
    const content of [
      { [VECTOR_RECORD]: vector("uint32", 7) },
      { [VECTOR_RECORD]: vector("uint32", 9) },
      { [VECTOR_RECORD]: vector("float32", 8) },
      { [VECTOR_RECORD]: new ArrayRecord() },
      { other: vector("uint32", 8) },
      {},
    ] as Record<string, ArrayRecord>[]
  ) {
    const federation = await federationOf({
      nodes: 4,
      tamper: (instruction) =>
        stageOf(instruction) === "collect" && instruction.metadata.dstNodeId === 102n
          ? instruction.reply(content)
          : undefined,
    });
    const result = await federation.run(secure());
    const there = [101n, 103n, 104n];
    assert.deepEqual(result.rounds[0]!.train!.results, there);
    assertMean(federation, result, there);
  }
});

Deno.test("secure aggregation: a vector of random numbers is found, because the sum is impossible", async () => {
  const federation = await federationOf({
    nodes: 4,
    elements: 1_000,
    tamper: (instruction, reply) => {
      if (stageOf(instruction) !== "collect" || instruction.metadata.dstNodeId !== 102n) return;
      const { data } = reply.content.arrayRecord(VECTOR_RECORD).viewTensors().get(VECTOR)!;
      const words = crypto.getRandomValues(new Uint32Array(data.length));
      // The number of examples is right.
      words[0] = Number(data[0]);
      const array = tensor("uint32", [words.length], words);
      return instruction.reply({ [VECTOR_RECORD]: ArrayRecord.fromTensors({ [VECTOR]: array }) });
    },
  });
  const strategy = secure();
  await assert.rejects(federation.run(strategy), { code: "failed-precondition" });
  assert.match(
    federation.notes.join("\n"),
    /a masked vector is wrong: this round has no new model/,
  );
});

Deno.test("secure aggregation: malformed replies of each stage are failures of their node", async () => {
  const spoilt: Record<string, ConfigRecord | MetricRecord>[] = [
    {},
    { [PROTOCOL_RECORD]: new ConfigRecord() },
    { [PROTOCOL_RECORD]: new MetricRecord({ stage: 1 }) },
    {
      [PROTOCOL_RECORD]: new ConfigRecord({
        ...{ nodes: [1, 2], ciphertexts: [new Uint8Array(1)], signatures: 4, shares: "x" },
        ...{ signature: new Uint8Array(3), "mask-key": new Uint8Array(5) },
      }),
    },
  ];
  for (const stage of ["advertise", "share", "agree", "reveal"]) {
    for (const content of spoilt) {
      const federation = await federationOf({
        nodes: 4,
        tamper: (instruction) =>
          stageOf(instruction) === stage && instruction.metadata.dstNodeId === 102n
            ? instruction.reply(content)
            : undefined,
      });
      const result = await federation.run(secure());
      const isLate = stage === "agree" || stage === "reveal";
      const there = isLate ? federation.ids : [101n, 103n, 104n];
      assert.deepEqual(result.rounds[0]!.train!.results, there, stage);
    }
  }
});

/** What node 102 replies to "train" in place of its model. */
function spoiling(metrics: Record<string, number>, w?: Float32Array): ClientMod {
  return async (message, context, next) => {
    const reply = await next(message, context);
    if (context.nodeId !== 102n) return reply;
    const arrays = reply.content.arrayRecord("arrays").tensors();
    if (w !== undefined) arrays.set("w", tensor("float32", [4], w));
    return message.reply({
      arrays: ArrayRecord.fromTensors(arrays),
      metrics: new MetricRecord(metrics),
    });
  };
}

Deno.test("secure aggregation: a number of examples that is not whole, and a missing metric, stay on the node", async () => {
  const cases: Record<string, number>[] = [
    { "num-examples": -1, loss: 1 },
    { "num-examples": 1.5, loss: 1 },
    { "num-examples": 10 },
  ];
  for (const metrics of cases) {
    const mods = [secureAggregationMod(), spoiling(metrics)];
    const federation = await federationOf({ nodes: 4, mods });
    const { rounds } = await federation.run(secure({ metrics: { loss: 10 } }));
    const { results, failures } = rounds[0]!.train!;
    assert.deepEqual(results, [101n, 103n, 104n]);
    assert.deepEqual(failures.map(({ nodeId }) => nodeId), [102n]);
    assert.doesNotMatch(failures[0]!.reason, /1\.5/, "the server is not told the number");
    assert.ok(!federation.contexts.get(102n)!.state.has(STATE_RECORD));
  }
});

Deno.test("attack: bisecting a node's number of examples with maxWeight: a larger number counts as maxWeight", async () => {
  const mods = [secureAggregationMod(), spoiling({ "num-examples": 5_000, loss: 0.5 })];
  const federation = await federationOf({ nodes: 4, mods });
  const result = await federation.run(secure({ maxWeight: 100 }));
  assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
  assert.deepEqual(result.rounds[0]!.train!.failures, []);
  const clamped = new Federation({
    nodes: 4,
    numExamples: (place) => place === 1 ? 100 : 10 * place + 10,
  });
  assertMean(clamped, result, clamped.ids);
});

Deno.test("attack: learning from an error that a node's update overflows: it counts nothing, without an error", async () => {
  const cases: [Record<string, number>, Float32Array | undefined][] = [
    [{ "num-examples": 10, loss: NaN }, undefined],
    [{ "num-examples": 10, loss: 1 }, Float32Array.of(NaN, 0, 0, 0)],
    [{ "num-examples": 10, loss: 1 }, Float32Array.of(0, 0, 0, Infinity)],
  ];
  for (const [metrics, w] of cases) {
    const mods = [secureAggregationMod(), spoiling(metrics, w)];
    const federation = await federationOf({ nodes: 4, mods });
    const result = await federation.run(secure({ metrics: { loss: 10 } }));
    assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
    assert.deepEqual(result.rounds[0]!.train!.failures, []);
    assertMean(federation, result, [101n, 103n, 104n]);
  }
});

Deno.test("secure aggregation: if no node counts, the round has no new model", async () => {
  const federation = await federationOf({ nodes: 3, numExamples: () => 0 });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
  assert.match(federation.notes.join("\n"), /this round has no new model/);
});

Deno.test("secure aggregation: other rules on the mean work, others are refused", async () => {
  for (const inner of [new FedAvgM({ ...training, serverMomentum: 0.5 }), new FedAdam(training)]) {
    const federation = await federationOf({ nodes: 3 });
    const strategy = new SecureAggregation(inner, { maxWeight: 100 });
    const { rounds } = await federation.run(strategy, 2);
    assert.deepEqual(rounds[1]!.train!.results, federation.ids);
  }
  for (const inner of [new FedMedian(training), new Krum(training), new FedBuff()]) {
    assert.throws(() => new SecureAggregation(inner), { code: "invalid-argument" });
  }
});

Deno.test("secure aggregation: options out of range are refused when the strategy is made", () => {
  const bad: Record<string, unknown>[] = [
    { threshold: 0.5 },
    { threshold: 1.1 },
    { threshold: 3 },
    { threshold: NaN },
    { maxWeight: 0 },
    { maxWeight: Infinity },
    { clippingRange: -1 },
    { ringBits: 16 },
    { ringBits: "32" },
    { quantizationRange: 0.5 },
    { quantizationRange: 2 ** 31 },
    { metrics: { loss: -1 } },
    { metrics: { loss: "1" } },
    { metrics: { "num-examples": 1 } },
    { metrics: ["loss"] },
    { timeout: 0 },
    { unsignedKeysForTests: "yes" },
    { numShares: 3 },
  ];
  for (const options of bad) {
    assert.throws(() => secure(options), { code: "invalid-argument" }, JSON.stringify(options));
  }
  for (
    const options of [{ minNodes: 1 }, { maxRounds: 0 }, { maxRounds: 1.5 }, { minNodes: 2.5 }, {
      minThreshold: 1,
    }, {
      unsignedKeysForTests: 1,
    }]
  ) {
    assert.throws(() => secureAggregationMod(options as object), { code: "invalid-argument" });
  }
});

Deno.test("secure aggregation: too few nodes, and too many for the ring, are refused before the first round", async () => {
  const two = await federationOf({ nodes: 2 });
  const strategy = new SecureAggregation(new FedAvg({ fractionEvaluate: 0 }));
  await assert.rejects(two.run(strategy), { code: "failed-precondition" });
  assert.equal(two.driver.pushed.length, 0);
  const four = await federationOf({ nodes: 4 });
  const tight = secure({ quantizationRange: 2 ** 29 });
  await assert.rejects(four.run(tight), { code: "invalid-argument", message: /at most 536870911/ });
  assert.equal(four.driver.pushed.length, 0);
});

Deno.test("secure aggregation mod: refuses plain training, wrong stages, and rounds that may be too small", async () => {
  const federation = await federationOf({ nodes: 4 });
  const plain = federation.run(new FedAvg(training));
  await assert.rejects(plain, { message: /trains only in a round of secure aggregation/ });

  const wary = await federationOf({ nodes: 4, mods: [secureAggregationMod({ minNodes: 4 })] });
  await assert.rejects(wary.run(secure()), { message: /requires at least minNodes, which is 4/ });
  const enough = await wary.run(secure({ threshold: 1 }));
  assert.deepEqual(enough.rounds[0]!.train!.results, wary.ids);
});

Deno.test("attack: a server that repeats a round", async () => {
  const federation = await federationOf({ nodes: 3 });
  await federation.run(secure(), 2);
  const again = federation.run(secure(), 1);
  await assert.rejects(again, { message: /sent its vector in round 2 of this run already/ });
});

Deno.test("attack: a second session of a round over the nodes that were not asked to reveal in the first", async () => {
  const federation = await federationOf({ nodes: 9 });
  const late = federation.ids.slice(6);
  const { answer } = federation.driver;
  federation.driver.answer = (instruction) =>
    stageOf(instruction) === "reveal" && late.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "not asked")
      : answer(instruction);
  const first = await federation.run(secure());
  assert.deepEqual(first.rounds[0]!.train!.results, federation.ids);
  federation.driver.answer = answer;
  federation.driver.online = late;
  await assert.rejects(federation.run(secure()), {
    message: /sent its vector in round 1 of this run already/,
  });
});

Deno.test("attack: a session that was planned in another run of the series does not repeat a round", async () => {
  const federation = await federationOf({
    nodes: 3,
    mods: [secureAggregationMod({ unsignedKeysForTests: true })],
  });
  const options = { unsignedKeysForTests: true };
  await federation.run(secure(options));
  const { answer } = federation.driver;
  for (const [id, context] of federation.contexts) {
    Object.assign(context, { registeredKey: undefined, nodeId: id });
  }
  // "advertise" as if it were of run 8, the other stages in run 7.
  federation.driver.answer = (instruction) => {
    const runId = stageOf(instruction) === "advertise" ? 8n : 7n;
    for (const context of federation.contexts.values()) Object.assign(context, { runId });
    return answer(instruction);
  };
  await assert.rejects(federation.run(secure(options)), { code: "failed-precondition" });
});

Deno.test("secure aggregation mod: another run of the series starts anew, and the first one is remembered", async () => {
  const options = { unsignedKeysForTests: true };
  const federation = new Federation({ nodes: 3, mods: [secureAggregationMod(options)] });
  const run = (runId: bigint) => {
    for (const context of federation.contexts.values()) Object.assign(context, { runId });
    const grid = new Grid(federation.driver, runId, {});
    return secure(options).start(grid, { numRounds: 2, initialArrays: federation.initial });
  };
  for (const runId of [7n, 2n ** 63n + 5n]) {
    assert.deepEqual((await run(runId)).rounds[1]!.train!.results, federation.ids);
  }
  await assert.rejects(run(7n), { message: /sent its vector in round 2 of this run already/ });
});

Deno.test("secure aggregation mod: after maxRounds of a run the node sends no vector", async () => {
  const federation = await federationOf({
    nodes: 3,
    mods: [secureAggregationMod({ maxRounds: 2 })],
  });
  const { rounds } = await federation.run(secure(), 4);
  assert.deepEqual(rounds.map(({ train }) => train!.aggregated), [true, true, false, false]);
  assert.match(rounds[2]!.train!.failures[0]!.reason, /maxRounds is 2/);
});

Deno.test("attack: a server that asks two survivor sets, or a second reveal, in one round", async () => {
  const federation = await federationOf({ nodes: 4 });
  const { answer } = federation.driver;
  const asked: string[] = [];
  federation.driver.answer = async (instruction) => {
    const reply = await answer(instruction);
    const stage = stageOf(instruction);
    if (instruction.metadata.dstNodeId !== 101n || (stage !== "agree" && stage !== "reveal")) {
      return reply;
    }
    // The state is that of an honest node in this stage: the second question comes from a server that cheats.
    const context = federation.contexts.get(101n)!;
    const kept = context.state.get(STATE_RECORD);
    const record = new ConfigRecord([...instruction.content.configRecord(PROTOCOL_RECORD)]);
    if (stage === "agree") record.set("survivors", [101n, 102n, 103n]);
    const content = new RecordDict([[PROTOCOL_RECORD, record]]);
    const second = await answer(instruction.withContent(content));
    assert.ok(second!.error !== undefined, `${stage}: ${second!.hasContent}`);
    assert.match(second!.error.reason, /asked for (agree|reveal), expected/);
    asked.push(stage);
    if (kept !== undefined) context.state.set(STATE_RECORD, kept);
    return reply;
  };
  const result = await federation.run(secure());
  assert.deepEqual(asked, ["agree", "reveal"]);
  assertMean(federation, result, federation.ids);
});

Deno.test("secure aggregation mod: malformed instructions of each stage get an error, and end the round", async () => {
  const garbage: Record<string, unknown> = {
    nodes: ["1"],
    ciphertexts: [1, 2],
    survivors: "all",
    signatures: [new Uint8Array(3)],
    "mask-key": new Uint8Array(5),
    participants: 1.5,
    "ring-bits": "32",
    "metric-names": [1],
    "clipping-range": NaN,
  };
  let seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) >>> 0) % below;
  for (const stage of STAGES) {
    let errors = 0;
    for (let attempt = 0; attempt < 12; attempt++) {
      let replies = 0;
      const federation = await federationOf({
        nodes: 4,
        tamper: (_instruction, reply) => {
          if (reply.hasContent || reply.metadata.srcNodeId !== 102n) return undefined;
          replies++;
          assert.equal(reply.error!.code, 2);
          assert.match(reply.error!.reason, /Secure aggregation|FlwrError/);
          return undefined;
        },
      });
      const { answer } = federation.driver;
      federation.driver.answer = (instruction) => {
        if (stageOf(instruction) !== stage || instruction.metadata.dstNodeId !== 102n) {
          return answer(instruction);
        }
        const record = instruction.content.configRecord(PROTOCOL_RECORD);
        const names = [...record.keys()].filter((name) => name !== "stage");
        const name = names[random(names.length)]!;
        const values = Object.values(garbage);
        const typed = new ConfigRecord();
        for (const [key, value] of record.typedEntries()) {
          if (key !== name) typed.setTyped(key, value);
        }
        // Gone, or of another kind.
        if (random(3) > 0) typed.set(name, values[random(values.length)] as string);
        const content = [...instruction.content].filter(([key]) => key !== PROTOCOL_RECORD);
        return answer(
          instruction.withContent(new RecordDict([...content, [PROTOCOL_RECORD, typed]])),
        );
      };
      const { rounds } = await federation.run(secure({ metrics: { loss: 10 } }));
      assert.equal(rounds[0]!.train!.aggregated, true, `${stage}`);
      errors += replies;
      // A node that accepted other settings has keys that the server refuses.
      if (replies > 0) assert.ok(!federation.contexts.get(102n)!.state.has(STATE_RECORD), stage);
    }
    assert.ok(errors > 0, stage);
  }
});

/** Changes what a node is told to train, on its way: a server that cheats. */
function retold(
  federation: Federation,
  change: (content: RecordDict) => RecordDict,
  isTold: (nodeId: NodeId) => boolean,
): void {
  const { answer } = federation.driver;
  federation.driver.answer = (instruction) => {
    const isChanged = stageOf(instruction) === "collect" &&
      isTold(instruction.metadata.dstNodeId);
    return answer(
      isChanged ? instruction.withContent(change(instruction.content)) : instruction,
    );
  };
}

const zeros = (name: string, dtype: "float32" | "float64" = "float32") => {
  const data = dtype === "float32" ? new Float32Array(4) : new Float64Array(4);
  return [name, tensor(dtype, [4], data as Float32Array)] as const;
};
const bias = ["b", tensor("float32", [3], new Float32Array(3))] as const;
const withArrays =
  (...arrays: Parameters<typeof ArrayRecord.fromTensors>[0][]) => (content: RecordDict) =>
    new RecordDict([
      ...[...content].filter(([name]) => name !== "arrays"),
      ...arrays.map((one, i) => [i === 0 ? "arrays" : `more${i}`, ArrayRecord.fromTensors(one)]),
    ] as [string, ArrayRecord][]);

Deno.test("attack: a server that tells all nodes but one to train something else (model inconsistency)", async () => {
  const filled = ["w", tensor("float32", [4], new Float32Array(4).fill(-100))] as const;
  const changes: Record<string, (content: RecordDict) => RecordDict> = {
    "another model": withArrays([filled, bias]),
    "another dtype": withArrays([zeros("w", "float64"), bias]),
    "another order": withArrays([bias, zeros("w")]),
    "another config": (content) =>
      new RecordDict([...content, ["lr", new ConfigRecord({ lr: 0 })]]),
    "more metrics": (content) => new RecordDict([...content, ["m", new MetricRecord({ lr: 0 })]]),
  };
  for (const [what, change] of Object.entries(changes)) {
    // Those that are told the same are enough to sign and to reveal.
    const federation = await federationOf({ nodes: 6 });
    retold(federation, change, (nodeId) => nodeId !== 104n);
    await assert.rejects(federation.run(secure({ ringBits: 64 })), {
      code: "failed-precondition",
    }, what);
    const notes = federation.notes.join("\n");
    assert.match(notes, /104.*did not sign the survivors and the instruction/, what);
    assert.match(notes, /a masked vector is wrong: this round has no new model/, what);

    const split = await federationOf({ nodes: 6 });
    retold(split, change, (nodeId) => nodeId % 2n === 0n);
    await assert.rejects(split.run(secure()), { code: "failed-precondition" }, what);
    assert.match(split.notes.join("\n"), /3 of 6 nodes signed the survivors/, what);
  }
});

Deno.test("attack: a server that gives one node other settings of the run, or another group", async () => {
  for (const what of ["settings", "group"]) {
    const federation = await federationOf({ nodes: 4 });
    if (what === "settings") federation.contexts.get(104n)!.runConfig.set("lr", 0.5);
    const { answer } = federation.driver;
    federation.driver.answer = (instruction) => {
      const isChanged = what === "group" && instruction.metadata.dstNodeId === 104n;
      const groupId = isChanged ? "7" : instruction.metadata.groupId;
      return answer(instruction.withMetadata({ groupId }));
    };
    await assert.rejects(federation.run(secure()), { code: "failed-precondition" }, what);
    assert.match(
      federation.notes.join("\n"),
      /104.*did not sign the survivors and the instr/,
      what,
    );
  }
});

Deno.test("attack: a second ArrayRecord, from which the handler does not train, is refused by the node", async () => {
  const federation = await federationOf({ nodes: 4 });
  const second = withArrays([zeros("w"), bias], [zeros("w"), bias]);
  retold(federation, second, (nodeId) => nodeId === 102n);
  const { rounds } = await federation.run(secure());
  const { results, failures } = rounds[0]!.train!;
  assert.deepEqual(results, [101n, 103n, 104n]);
  assert.match(failures[0]!.reason, /2 ArrayRecords, expected 1/);
});

Deno.test("secure aggregation: a strategy whose instructions differ between nodes is refused before the round", async () => {
  class Each extends FedAvg {
    override async configureTrain(round: Round) {
      const plan = await super.configureTrain(round);
      const messages = plan.messages.map((message) => {
        const own = new ConfigRecord({ lr: Number(message.metadata.dstNodeId) });
        return message.withContent(new RecordDict([...message.content, ["own", own]]));
      });
      return { ...plan, messages };
    }
  }
  const federation = await federationOf({ nodes: 3 });
  await assert.rejects(federation.run(new SecureAggregation(new Each(training))), {
    code: "invalid-argument",
    message: /other instructions for node 102 than for node 101/,
  });
  assert.equal(federation.driver.pushed.length, 0);
});
