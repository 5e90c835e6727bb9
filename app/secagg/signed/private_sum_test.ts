import assert from "node:assert/strict";
import {
  calibrateIntegerNoise,
  integerNoiseEpsilon,
} from "../../../privacy/accounting/integer_plan.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import type { ClientMod } from "../../client_mod.ts";
import type { Result } from "../../result.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import { Federation, nodeIds } from "../testing/federation.ts";
import type { SecureAggregationOptions } from "./options.ts";
import { SecureAggregation } from "./secure_aggregation.ts";
import {
  secureAggregationMod,
  type SecureAggregationModOptions,
} from "./secure_aggregation_mod.ts";
import { trustedIdentities } from "./testing/identities.ts";

const PRIVACY = { clippingNorm: 1, epsilon: 8, delta: 1e-5, rounds: 3 };

function secure(privacy: object = {}, options: SecureAggregationOptions = {}) {
  const fedAvg = new FedAvg({ fractionEvaluate: 0, minTrainNodes: 3 });
  return new SecureAggregation(fedAvg, { privacy: { ...PRIVACY, ...privacy }, ...options });
}

/** Nodes that all train to the same update, times a factor. */
async function federationOf(
  nodes: number,
  { factor = () => 1, elements = 4, mod = {} }: {
    factor?: (nodeId: bigint) => number;
    elements?: number;
    mod?: SecureAggregationModOptions;
  } = {},
): Promise<Federation> {
  const train: ClientMod = (message, context, next) => {
    const arrays = new Map([...message.content.arrayRecord("arrays").viewTensors()].map(
      ([name, { shape, data }]) => {
        const trained = Float32Array.from(
          data as Float32Array,
          (value, i) => value + (name === "w" && i === 0 ? 0.5 * factor(context.nodeId) : 0),
        );
        return [name, tensor("float32", shape, trained)] as const;
      },
    ));
    return next(message, context).then((reply) => {
      const content = new Map([...reply.content]);
      content.set("arrays", ArrayRecord.fromTensors(arrays));
      return message.reply([...content]);
    });
  };
  const identities = await trustedIdentities(nodeIds(nodes));
  return new Federation({
    ...{ nodes, elements, identities, mods: [secureAggregationMod(mod), train] },
  });
}

const first = ({ arrays }: Result) => Number(arrays.tensors().get("w")!.data[0]);

Deno.test("private sum: each round is saved before the next one, so that no release is forgotten", () => {
  assert.equal(secure().savesEachRound, true);
  assert.equal(new SecureAggregation(new FedAvg()).savesEachRound, false);
});

Deno.test("private sum: with little noise it is the mean of the updates, in both rings and with both mechanisms", async () => {
  for (const mechanism of ["discrete-gaussian", "skellam"] as const) {
    for (const ringBits of [32, 64] as const) {
      const federation = await federationOf(4);
      const strategy = secure({ mechanism, epsilon: 1e5, rounds: 1 }, { ringBits });
      const result = await federation.run(strategy);
      assert.ok(Math.abs(first(result) - 0.5) < 0.05, `${mechanism} ${ringBits}: ${first(result)}`);
      assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
    }
  }
});

Deno.test("private sum: the noise has the deviation that the budget needs, without that of the colluding nodes", async () => {
  const nodes = 6;
  const elements = 20_000;
  const federation = await federationOf(nodes, { elements, factor: () => 0 });
  const result = await federation.run(secure({ rounds: 1 }));
  // N = 6: T = 4, of which 2 · 4 − 6 − 1 = 1 may collude.
  const plan = calibrateIntegerNoise(
    { clippingNorm: 1, numbers: elements + 3, nodes, shares: 3, ringBits: 32 },
    { epsilon: 8, delta: 1e-5, rounds: 1 },
  );
  const expected = plan.deviation * Math.sqrt(nodes) / (plan.scale * nodes);
  const data = result.arrays.tensors().get("w")!.data as Float32Array;
  const squares = data.reduce((sum, value) => sum + value ** 2, 0);
  const found = Math.sqrt(squares / data.length);
  assert.ok(Math.abs(found / expected - 1) < 0.05, `${found}, expected ${expected}`);
  const { epsilon } = integerNoiseEpsilon(plan, 1, 1e-5);
  const reported = Number(result.rounds[0]!.train!.metrics!.get("privacy-epsilon"));
  assert.ok(Math.abs(reported - epsilon) < 1e-6 && reported <= 8, `${reported}`);
});

Deno.test("private sum: attack: a node with an unclipped update counts no more than the clipping norm", async () => {
  const federation = await federationOf(4, { factor: (id) => id === 102n ? 1e6 : 0 });
  const result = await federation.run(secure({ epsilon: 1e5, rounds: 1 }));
  // 1 of 4 nodes, with a norm of 1.
  assert.ok(Math.abs(first(result) - 0.25) < 0.05, `${first(result)}`);
});

Deno.test("private sum: attack: an update that is not finite counts as 0, and the node sends its noise all the same", async () => {
  const federation = await federationOf(4, { factor: (id) => id === 102n ? Infinity : 1 });
  const result = await federation.run(secure({ epsilon: 1e5, rounds: 1 }));
  assert.deepEqual(result.rounds[0]!.train!.results, federation.ids);
  assert.ok(Math.abs(first(result) - 0.375) < 0.05, `${first(result)}`);
});

Deno.test("private sum: the run ends before its budget is exceeded, and the loss of each round is reported", async () => {
  const federation = await federationOf(4);
  const result = await federation.run(secure(), 5);
  assert.equal(result.rounds.length, 3);
  assert.match(result.stopReason!, /would exceed ε 8 at δ 0.00001/);
  const spent = result.rounds.map(({ train }) => Number(train!.metrics!.get("privacy-epsilon")));
  assert.ok(spent[0]! < spent[1]! && spent[1]! < spent[2]! && spent[2]! <= 8, `${spent}`);
  assert.ok(spent[2]! > 7.99, `${spent}`);
  assert.equal(result.rounds[0]!.train!.metrics!.get("privacy-delta"), 1e-5);
});

Deno.test("private sum: the loss is part of the state, and the state of other options is refused", async () => {
  const federation = await federationOf(4);
  const before = secure();
  await federation.run(before, 2);
  const after = secure();
  after.loadState(before.saveState());
  assert.deepEqual(after.saveState(), before.saveState());
  const again = await federationOf(4);
  const { rounds } = await again.run(after, 3);
  assert.equal(rounds.length, 1, "two of three rounds were spent before");
  const without = new SecureAggregation(new FedAvg());
  assert.throws(() => without.loadState(before.saveState()), { code: "invalid-argument" });
  assert.throws(() => after.loadState(without.saveState()), { code: "invalid-argument" });
});

Deno.test("private sum: a node refuses a round with less noise than it requires", async () => {
  const mod = { minNoiseMultiplier: 100 };
  const federation = await federationOf(4, { mod });
  await assert.rejects(federation.run(secure()), {
    message: /requires at least minNoiseMultiplier/,
  });
  const plain = await federationOf(4, { mod });
  const strategy = new SecureAggregation(new FedAvg({ fractionEvaluate: 0 }));
  await assert.rejects(plain.run(strategy), { message: /noise multiplier of this round is 0/ });
});

Deno.test("private sum: attack: a server that says that no node colludes: the node counts the noise without those that may", async () => {
  // N = 6: T = 4, of which 2 · 4 − 6 − 1 = 1 may collude. ε 8 for one round needs a multiplier of z.
  const { deviation, normBound } = calibrateIntegerNoise(
    { clippingNorm: 1, numbers: 4 + 3, nodes: 6, shares: 4, ringBits: 32 },
    { epsilon: 8, delta: 1e-5, rounds: 1 },
  );
  const z = deviation * Math.sqrt(4) / normBound;
  for (const [part, isEnough] of [[0.99, true], [1.01, false]] as const) {
    const mod = { minNoiseMultiplier: z * Math.sqrt(3 / 4) * part };
    const federation = await federationOf(6, { mod });
    const running = federation.run(secure({ rounds: 1, colluding: 0 }));
    if (isEnough) assert.deepEqual((await running).rounds[0]!.train!.results, federation.ids);
    else await assert.rejects(running, { message: /with 1 colluding nodes/ });
  }
});

Deno.test("private sum: options whose bound would not hold are refused", async () => {
  const bad: [object, SecureAggregationOptions?][] = [
    [{ clippingNorm: 0 }],
    [{ epsilon: 0 }],
    [{ epsilon: Infinity }],
    [{ delta: 0 }],
    [{ delta: 1 }],
    [{ rounds: 0 }],
    [{ rounds: 1.5 }],
    [{ mechanism: "gaussian" }],
    [{ colluding: -1 }],
    [{ noiseMultiplier: 1 }],
    [{}, { metrics: { loss: 1 } }],
    [{}, { maxWeight: 10 }],
    [{}, { clippingRange: 1 }],
    [{}, { quantizationRange: 10 }],
  ];
  for (const [privacy, options] of bad) {
    const what = JSON.stringify([privacy, options]);
    assert.throws(() => secure(privacy, options), { code: "invalid-argument" }, what);
  }
  const federation = await federationOf(4);
  // The threshold of 4 nodes is 3: not all of those may collude.
  await assert.rejects(federation.run(secure({ colluding: 3 })), {
    code: "invalid-argument",
    message: /colluding is 3, expected/,
  });
  assert.equal(federation.driver.pushed.length, 0);
});
