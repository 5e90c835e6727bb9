import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { tensor } from "../../tensor/tensor.ts";
import { RecordDict } from "../record_dict.ts";
import { Bulyan } from "../strategy/bulyan.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAsync, FedBuff } from "../strategy/fedbuff.ts";
import { FedDyn } from "../strategy/feddyn.ts";
import { FedNova } from "../strategy/fednova.ts";
import { QFedAvg } from "../strategy/qfedavg.ts";
import { Scaffold } from "../strategy/scaffold.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedAdagrad, FedAdam, FedYogi } from "../strategy/fedopt.ts";
import { FedProx } from "../strategy/fedprox.ts";
import { Krum, MultiKrum } from "../strategy/krum.ts";
import { FedMedian, FedTrimmedAvg } from "../strategy/order_statistics.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { plain } from "../testing.ts";
import { PrivateMean } from "./private_mean.ts";
import {
  aggregate,
  elementsOf,
  forTestsNoNoise,
  modelOf,
  type NodeAnswer,
  roundOf,
} from "./testing/rounds.ts";
import {
  type AdaptiveClippingOptions,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
  type FixedClippingOptions,
} from "./wrappers.ts";

const OPTIONS: FixedClippingOptions = {
  noiseMultiplier: 0,
  clippingNorm: 1,
  numSampledClients: 4,
};
const fixed = (options: Partial<FixedClippingOptions> = {}, strategy: Strategy = new FedAvg()) =>
  new DifferentialPrivacyServerSideFixedClipping(strategy, { ...OPTIONS, ...options });
const sent = modelOf([0, 0]);
const answer = (nodeId: number, w: number[], metrics = {}): NodeAnswer => ({
  nodeId: BigInt(nodeId),
  model: modelOf(w),
  metrics,
});
const close = (actual: readonly number[], expected: readonly number[], error = 1e-12) =>
  actual.forEach((x, i) =>
    assert.ok(Math.abs(x - expected[i]!) <= error, `${actual}, ${expected}`)
  );

Deno.test("central privacy: each update counts with at most C / n, whatever its examples", async () => {
  const outcome = await aggregate(fixed(), sent, [
    answer(2, [30, 40], { "num-examples": 1_000_000 }),
    answer(3, [0.5, 0], { "num-examples": 1 }),
  ]);
  close(elementsOf(outcome), [(0.6 + 0.5) / 4, 0.8 / 4]);
  assert.deepEqual(outcome.results, [2n, 3n]);
});

Deno.test("central privacy: with weightCap an update counts by its examples, up to the cap", async () => {
  const outcome = await aggregate(fixed({ weightCap: 100 }), sent, [
    answer(2, [30, 40], { "num-examples": 1_000_000 }),
    answer(3, [0.5, 0], { "num-examples": 25 }),
    answer(4, [0.5, 0], { "num-examples": 0 }),
  ]);
  close(elementsOf(outcome), [(0.6 + 0.25 * 0.5) / 4, 0.8 / 4]);
});

Deno.test("central privacy: scalars are clipped like all arrays, and an update of norm 0 counts", async () => {
  const model = modelOf([0, 0], 1);
  const outcome = await aggregate(fixed(), model, [
    { nodeId: 2n, model: modelOf([3, 0], 5) },
    { nodeId: 3n, model },
  ]);
  close(elementsOf(outcome), [0.6 / 4, 0]);
  close(elementsOf(outcome, "s"), [1 + 0.8 / 4]);
});

Deno.test("central privacy: the noise is that of n, and is added before the strategy's rule", async () => {
  const deviations: number[] = [];
  const noise = {
    gaussian(values: Float64Array, deviation: number) {
      deviations.push(deviation);
      values.forEach((_, i) => values[i]! += 4 * (i + 1));
    },
    laplace: () => assert.fail(),
  };
  const options = { noiseMultiplier: 2, clippingNorm: 0.5, forTestsNoise: noise };
  const start = modelOf([1, 1]);
  const plain = await aggregate(fixed(options), start, [answer(2, [1.25, 1])]);
  close(elementsOf(plain), [1 + (0.25 + 4) / 4, 1 + 8 / 4]);
  assert.deepEqual(deviations, [1]);
  const inner = () => new FedAvgM({ serverLearningRate: 0.5 });
  const slowed = await aggregate(fixed(options, inner()), start, [answer(2, [1.25, 1])]);
  close(elementsOf(slowed), [1 + (0.25 + 4) / 8, 1 + 8 / 8]);
});

Deno.test("central privacy: noise in production has the deviation z · C / n, and differs each time", async () => {
  const size = 20_000;
  const start = modelOf(Array(size).fill(0));
  const wrapper = fixed({ noiseMultiplier: 3, clippingNorm: 0.5, numSampledClients: 10 });
  const once = elementsOf(await aggregate(wrapper, start, [{ nodeId: 2n, model: start }]));
  const variance = once.reduce((sum, x) => sum + x * x, 0) / size;
  // Six standard deviations of a variance of this many normals.
  assert.ok(Math.abs(variance / 0.15 ** 2 - 1) < 6 * Math.sqrt(2 / size), `${variance}`);
  const again = elementsOf(await aggregate(wrapper, start, [{ nodeId: 2n, model: start }]));
  assert.notDeepEqual(once, again);
});

Deno.test("central privacy: one node more changes the mean by at most C / n", async () => {
  const seed = Math.trunc(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  let state = seed;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let trial = 0; trial < 50; trial++) {
    const vector = () =>
      Array.from({ length: 5 }, () => (uniform() - 0.5) * 10 ** (8 * uniform() - 4));
    const [start, more] = [modelOf(vector()), vector()];
    const others = Array.from(
      { length: 3 },
      (_, i) => answer(10 + i, vector(), { "num-examples": Math.ceil(uniform() * 1000) }),
    );
    const attacker = answer(2, more, { "num-examples": 1e9 });
    const noise = forTestsNoNoise();
    const options = { noiseMultiplier: 1, clippingNorm: 0.3, forTestsNoise: noise };
    const without = elementsOf(await aggregate(fixed(options), start, others));
    const withIt = elementsOf(await aggregate(fixed(options), start, [attacker, ...others]));
    const moved = Math.hypot(...withIt.map((x, i) => x - without[i]!));
    // The model's own rounding is no part of the bound.
    const rounding = 1e-15 * Math.hypot(...withIt);
    assert.ok(moved <= 0.3 / 4 * (1 + 1e-9) + rounding, `trial ${trial}: ${moved}`);
  }
});

Deno.test("central privacy: the sum does not depend on the order of replies, in no bit", () => {
  const updates = Array.from({ length: 40 }, (_, i) => modelOf([Math.sin(i) / 3, 10 ** -(i % 9)]));
  const options = { clippingNorm: 1, noiseMultiplier: 1, divisor: 40 };
  const sums = [updates, updates.toReversed()].map((ordered) => {
    const mean = new PrivateMean(sent, options);
    for (const update of ordered) mean.add(update);
    return mean.release(forTestsNoNoise());
  });
  assert.deepEqual(sums[0], sums[1]);
});

Deno.test("central privacy: a reply without examples counts nothing", async () => {
  const outcome = await aggregate(fixed(), sent, [
    answer(2, [0.5, 0]),
    answer(3, [0, 0.5], { "num-examples": 0 }),
  ]);
  close(elementsOf(outcome), [0.5 / 4, 0]);
});

Deno.test("central privacy: strategies whose model is not made of the mean are refused in words", () => {
  const refused = [
    ...[new FedMedian(), new FedTrimmedAvg(), new Krum(), new MultiKrum(), new Bulyan()],
    // Their models depend on metrics or vectors of the nodes besides the mean.
    ...[new QFedAvg({ clientLearningRate: 0.1 }), new Scaffold(), new FedNova(), new FedDyn()],
  ];
  for (const strategy of refused) {
    assert.throws(() => fixed({}, strategy), { code: "invalid-argument" }, strategy.name);
    fixed({ flowerCompatible: true }, strategy);
  }
  // They have a start of their own, which a wrapper would leave out.
  for (const strategy of [new FedBuff(), new FedAsync()]) {
    for (const flowerCompatible of [false, true]) {
      assert.throws(() => fixed({ flowerCompatible }, strategy), { code: "invalid-argument" });
    }
  }
  assert.throws(() => fixed({}, fixed()), { code: "invalid-argument" });
  class Own extends FedAvg {
    protected override selectReplies() {
      return [];
    }
  }
  assert.throws(() => fixed({}, new Own()), { code: "invalid-argument" });
  for (const Taken of [FedAvg, FedProx, FedAvgM, FedAdam, FedYogi, FedAdagrad]) {
    fixed({}, new Taken());
  }
});

Deno.test("central privacy: options without a guarantee are refused by name", () => {
  const accountant = new RdpAccountant({ targetDelta: 1e-5, populationSize: 4 });
  const sampled = { targetDelta: 1e-5, populationSize: 4 } as const;
  const refused: [string, object][] = [
    ["clippingNorm", { clippingNorm: 0 }],
    ["clippingNorm", { clippingNorm: Infinity }],
    ["clippingNorm", { clippingNorm: 1e307 }],
    ["noiseMultiplier", { noiseMultiplier: 1e300 }],
    ["noiseMultiplier", { noiseMultiplier: NaN }],
    ["numSampledClients", { numSampledClients: 1.5 }],
    ["weightCap", { weightCap: 0 }],
    ["noiseMultiplier", { accountant }],
    ["accountant", { noiseMultiplier: 1, accountant, flowerCompatible: true }],
    ["weightCap", { weightCap: 1, flowerCompatible: true }],
    ["numSampledClients", { noiseMultiplier: 1, accountant, numSampledClients: 5 }],
    ["The accountant's samplingMethod", {
      noiseMultiplier: 1,
      accountant: new RdpAccountant({ ...sampled, samplingMethod: "poisson" }),
    }],
  ];
  for (const [name, options] of refused) {
    assert.throws(
      () => fixed(options),
      (error) => error instanceof FlwrError && error.message.startsWith(name),
      JSON.stringify(options),
    );
  }
  assert.throws(
    () => new DifferentialPrivacyServerSideFixedClipping(undefined as never, OPTIONS),
    { code: "invalid-argument" },
  );
});

Deno.test("central privacy: a model with integers is refused before the first round", async () => {
  const counters = new Map([["n", tensor("int64", [1], BigInt64Array.of(1n))]]);
  await assert.rejects(fixed().configureTrain(roundOf(counters)), { code: "invalid-argument" });
});

const ADAPTIVE: AdaptiveClippingOptions = { noiseMultiplier: 0, numSampledClients: 5 };
const adaptive = (options: Partial<AdaptiveClippingOptions> = {}) =>
  new DifferentialPrivacyServerSideAdaptiveClipping(new FedAvg(), { ...ADAPTIVE, ...options });
const NORMS = [1, 2, 3, 4, 5].map((norm) => answer(norm + 1, [norm, 0]));

for (const initialClippingNorm of [0.1, 2.9, 3.5, 10]) {
  Deno.test(`adaptive clipping moves from ${initialClippingNorm} to the median of the norms`, async () => {
    const wrapper = adaptive({ initialClippingNorm });
    for (let round = 1; round <= 100; round++) await aggregate(wrapper, sent, NORMS, round);
    assert.ok(Math.abs(wrapper.clippingNorm - 3) < 0.3, `${wrapper.clippingNorm}`);
  });
  Deno.test(`as Flower, adaptive clipping flees from the median, from ${initialClippingNorm}`, async () => {
    const wrapper = adaptive({ initialClippingNorm, flowerCompatible: true });
    for (let round = 1; round <= 40; round++) await aggregate(wrapper, sent, NORMS, round);
    // Recorded: 0.0018, 0.3925, 93.0152, 545.9815.
    assert.ok(Math.abs(Math.log(wrapper.clippingNorm / 3)) > 2);
  });
}

Deno.test("adaptive clipping: the target is the share of updates that are not clipped", async () => {
  const wrapper = adaptive({ targetClippedQuantile: 0.9, initialClippingNorm: 1 });
  for (let round = 1; round <= 200; round++) await aggregate(wrapper, sent, NORMS, round);
  assert.ok(wrapper.clippingNorm > 4.5, `${wrapper.clippingNorm}`);
});

Deno.test("adaptive clipping: noise fits the norm that was clipped with, then the count's is drawn", async () => {
  const noise = forTestsNoNoise();
  const wrapper = adaptive({ noiseMultiplier: 0.2, initialClippingNorm: 2, forTestsNoise: noise });
  const outcome = await aggregate(wrapper, sent, NORMS);
  assert.deepEqual(noise.deviations, [2 * wrapper.updateNoiseMultiplier, 5 / 20]);
  close(elementsOf(outcome), [(1 + 2 + 2 + 2 + 2) / 5, 0]);
  // Three of five are clipped: f = 0.4.
  close([wrapper.clippingNorm], [2 * Math.exp(-0.2 * (0.4 - 0.5))]);
});

Deno.test("adaptive clipping: another run begins with the first norm", async () => {
  const wrapper = adaptive();
  await aggregate(wrapper, sent, NORMS);
  assert.notEqual(wrapper.clippingNorm, 0.1);
  const round = roundOf(sent);
  await assert.rejects(wrapper.configureTrain({ ...round, signal: AbortSignal.abort() }));
  assert.equal(wrapper.clippingNorm, 0.1);
});

Deno.test("a wrapper continues from the state of another", async () => {
  const make = () =>
    adaptive({
      noiseMultiplier: 0.1,
      accountant: new RdpAccountant({ targetDelta: 1e-5, populationSize: 5 }),
    });
  const [first, second] = [make(), make()];
  await aggregate(first, sent, NORMS);
  second.loadState(first.saveState());
  assert.deepEqual(plain(second.saveState()), plain(first.saveState()));
  assert.equal(second.clippingNorm, first.clippingNorm);
  const spoilt = (name: string, value: number | string) => {
    const state = first.saveState();
    state.configRecord("privacy").set(name, value);
    return state;
  };
  const fresh = make();
  const before = plain(fresh.saveState());
  const bad = [
    ...[spoilt("clipping-norm", 0), spoilt("accountant", "{}"), spoilt("accountant", "{")],
    ...[new RecordDict(), adaptive().saveState()],
  ];
  for (const state of bad) assert.throws(() => fresh.loadState(state), FlwrError);
  assert.deepEqual(plain(fresh.saveState()), before, "a refused state changes nothing");
  const other = fixed({ clippingNorm: 2 }).saveState();
  assert.throws(() => fixed().loadState(other), { code: "invalid-argument" });
});
