import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import {
  PldAccountant,
  type PrivacyConfig,
  RdpAccountant,
  type SamplingMethod,
} from "./accountant.ts";
import type { PrivacyLedger } from "./ledger.ts";
import { PldLedger } from "./pld_ledger.ts";
import { RdpLedger } from "./rdp_ledger.ts";
import type { RepeatedRelease } from "./release.ts";
import vectors from "../../tests/vectors/dp-accounting-0.6/accounting.json" with { type: "json" };

const CONFIG: PrivacyConfig = { targetDelta: 1e-5, populationSize: 100 };
const EVENT = { noiseMultiplier: 1, sampleSize: 10 };

const invalid = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";

for (const row of vectors.flwr_accountant) {
  Deno.test(`RdpAccountant: round by round as Flower's, ${row.sampling_method}, ${row.sample_size} of ${row.population_size}`, () => {
    const accountant = new RdpAccountant({
      targetDelta: row.delta,
      populationSize: row.population_size,
      samplingMethod: row.sampling_method as SamplingMethod,
      maxEpsilon: 20,
    });
    assert.equal(accountant.neighboringRelation, row.neighboring_relation);
    const event = { noiseMultiplier: row.noise_multiplier, sampleSize: row.sample_size };
    for (const round of row.after_each_round) {
      assert.equal(accountant.wouldExceed(event), round.would_have_exceeded_20);
      accountant.compose(event);
      const { epsilon, numReleases, optimalOrder } = accountant.spent();
      assert.ok(Math.abs(epsilon / round.epsilon - 1) < 1e-6, `${epsilon}, ${round.epsilon}`);
      assert.deepEqual([numReleases, optimalOrder], [round.releases, round.order]);
    }
    assert.deepEqual(Object.keys(accountant.state()).sort(), row.state_keys);
  });
}

Deno.test("RdpAccountant: a state restores the releases, and goes through JSON", () => {
  const first = new RdpAccountant({ ...CONFIG, samplingMethod: "poisson" });
  first.compose(EVENT, 7);
  first.compose({ noiseMultiplier: 0.8, sampleSize: 20 });
  const second = new RdpAccountant({ ...CONFIG, samplingMethod: "poisson" });
  second.compose(EVENT);
  second.restore(JSON.parse(JSON.stringify(first.state())));
  assert.deepEqual(second.spent(), first.spent());
  assert.equal(second.numReleases, 8);
});

Deno.test("an accountant refuses a state of other settings, and keeps its own", () => {
  const accountant = new RdpAccountant(CONFIG);
  accountant.compose(EVENT);
  const before = accountant.spent();
  const good = accountant.state();
  const pld = new PldAccountant(CONFIG);
  for (
    const state of [
      undefined,
      [],
      { ...good, schema_version: 2 },
      { ...good, config: { ...good.config, target_delta: 1e-6 } },
      { ...good, compositions: [{ ...good.compositions[0], count: 0 }] },
      { ...good, compositions: [{ ...good.compositions[0], count: "3" }] },
      {
        ...good,
        compositions: [{
          event: { noise_multiplier: -1, sample_size: 1, population_size: 100 },
          count: 1,
        }],
      },
      {
        ...good,
        compositions: [{
          event: { noise_multiplier: 1, sample_size: 1, population_size: 99 },
          count: 1,
        }],
      },
      pld.state(),
    ]
  ) assert.throws(() => accountant.restore(state), invalid);
  assert.deepEqual(accountant.spent(), before);
});

Deno.test("an accountant has spent nothing before the first release, in both methods", () => {
  for (const accountant of [new RdpAccountant(CONFIG), new PldAccountant(CONFIG)]) {
    assert.equal(accountant.epsilon(), 0);
    assert.equal(accountant.delta(1), 0);
    assert.equal(accountant.spent().numReleases, 0);
  }
});

Deno.test("PldAccountant: different releases compose, in any order, tighter than RDP", () => {
  const events = [{ noiseMultiplier: 3, sampleSize: 10 }, { noiseMultiplier: 2, sampleSize: 5 }, {
    noiseMultiplier: 3,
    sampleSize: 10,
  }];
  const epsilons = [events, events.toReversed()].map((order) => {
    const accountant = new PldAccountant({ ...CONFIG, samplingMethod: "poisson" });
    for (const event of order) accountant.compose(event, 3);
    return accountant.epsilon();
  });
  assert.ok(Math.abs(epsilons[0]! - epsilons[1]!) < 1e-6);
  const rdp = new RdpAccountant({ ...CONFIG, samplingMethod: "poisson" });
  for (const event of events) rdp.compose(event, 3);
  assert.ok(epsilons[0]! < rdp.epsilon());
});

Deno.test("an accountant refuses settings and events that make no sense", () => {
  const settings: Partial<PrivacyConfig>[] = [
    { targetDelta: 0 },
    { targetDelta: 1 },
    { targetDelta: NaN },
    { populationSize: 0 },
    { populationSize: 1.5 },
    { maxEpsilon: 0 },
    { maxEpsilon: Infinity },
    { samplingMethod: "bernoulli" as SamplingMethod },
  ];
  for (const setting of settings) {
    assert.throws(() => new RdpAccountant({ ...CONFIG, ...setting }), invalid);
  }
  assert.throws(() => new RdpAccountant(CONFIG, []), invalid);
  assert.throws(() => new RdpAccountant(CONFIG, [1]), invalid);
  assert.throws(
    () => new PldAccountant({ ...CONFIG, samplingMethod: "without-replacement" }),
    invalid,
  );
  const accountant = new RdpAccountant(CONFIG);
  for (const noiseMultiplier of [0, -1, NaN, Infinity]) {
    assert.throws(() => accountant.compose({ ...EVENT, noiseMultiplier }), invalid);
  }
  for (const sampleSize of [0, 101, 0.5]) {
    assert.throws(() => accountant.compose({ ...EVENT, sampleSize }), invalid);
  }
  assert.throws(() => accountant.compose(EVENT, 0), invalid);
  assert.throws(() => accountant.wouldExceed(EVENT), invalid);
  assert.equal(accountant.numReleases, 0);
});

Deno.test("each round is composed once, with the same numbers as anew", () => {
  let composed = 0;
  class CountedPld extends PldAccountant {
    protected override ledger(releases: readonly RepeatedRelease[]): PrivacyLedger {
      composed++;
      return super.ledger(releases);
    }
  }
  class CountedRdp extends RdpAccountant {
    protected override ledger(releases: readonly RepeatedRelease[]): PrivacyLedger {
      composed++;
      return super.ledger(releases);
    }
  }
  const config = { ...CONFIG, samplingMethod: "poisson", maxEpsilon: 50 } as const;
  const event = { noiseMultiplier: 4, sampleSize: 10 };
  const release = { noiseMultiplier: 4, sampling: { method: "poisson", rate: 0.1 } } as const;
  const other = { noiseMultiplier: 3, sampling: { method: "poisson", rate: 0.2 } } as const;
  for (const accountant of [new CountedPld(config), new CountedRdp(config)]) {
    composed = 0;
    const anew = (releases: readonly RepeatedRelease[]) =>
      accountant.method === "pld" ? new PldLedger(releases) : new RdpLedger(releases);
    for (let round = 1; round <= 4; round++) {
      assert.equal(accountant.wouldExceed(event), false);
      accountant.compose(event);
      const { epsilon } = accountant.spent();
      assert.equal(accountant.epsilon(), epsilon);
      assert.equal(accountant.delta(1), anew([{ release, count: round }]).delta(1));
      assert.equal(epsilon, anew([{ release, count: round }]).epsilon(CONFIG.targetDelta));
    }
    assert.equal(composed, 4);
    // Another release afterwards, and a state that takes some back.
    const state = accountant.state();
    accountant.compose({ noiseMultiplier: 3, sampleSize: 20 }, 2);
    const both = [{ release, count: 4 }, { release: other, count: 2 }];
    assert.equal(accountant.epsilon(), anew(both).epsilon(CONFIG.targetDelta));
    accountant.restore(state);
    assert.equal(
      accountant.epsilon(),
      anew([{ release, count: 4 }]).epsilon(CONFIG.targetDelta),
    );
  }
});
