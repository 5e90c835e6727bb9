/** What dp-accounting 0.6, Flower 1.42 and Opacus 1.6 say of the same releases: tests/vectors/dp-accounting-0.6/make.py. */
import assert from "node:assert/strict";
import { NIGHTLY } from "../../tests/support/nightly.ts";
import { calibrateNoise } from "./calibrate.ts";
import { PldLedger } from "./pld_ledger.ts";
import { rdpOfRelease } from "./rdp.ts";
import { RdpLedger } from "./rdp_ledger.ts";
import type { Sampling } from "./release.ts";
import vectors from "../../tests/vectors/dp-accounting-0.6/accounting.json" with { type: "json" };

/** Relative deviation of RDP values, which are closed forms and short series. */
const RDP_TOLERANCE = 1e-6;
/** Relative deviation of PLD values, whose grid and tails differ from dp-accounting's. */
const PLD_TOLERANCE = 1e-3;

/** Rows whose PLD is computed every day: one without sampling, and one of little, middling and much noise. */
const DAILY_PLD = ["1 1 1", "1 0.1 100", "5 0.1 3", "0.5 0.01 10"];

function sampling(rate: number): Sampling {
  return rate === 1 ? { method: "none" } : { method: "poisson", rate };
}

function close(got: number, expected: number, tolerance: number, name: string): void {
  const deviation = Math.abs(got - expected) / Math.max(Math.abs(expected), 1e-300);
  assert.ok(deviation <= tolerance, `${name}: got ${got}, expected ${expected} (${deviation})`);
}

for (const row of vectors.epsilon) {
  const { noise_multiplier: noiseMultiplier, sampling_rate: rate, steps: count, delta } = row;
  const releases = [{ release: { noiseMultiplier, sampling: sampling(rate) }, count }];
  const name = `noise ${noiseMultiplier}, rate ${rate}, ${count} releases, delta ${delta}`;
  Deno.test(`RDP: ${name}`, () => {
    const ledger = new RdpLedger(releases);
    const { epsilon, order } = ledger.atBestOrder(delta);
    close(epsilon, row.rdp_epsilon, RDP_TOLERANCE, "epsilon");
    assert.equal(order, row.rdp_order);
    close(ledger.delta(epsilon), row.rdp_delta_at_that_epsilon, 1e-5, "delta");
  });
  const ignore = !NIGHTLY && !DAILY_PLD.includes(`${noiseMultiplier} ${rate} ${count}`);
  Deno.test({ name: `PLD: ${name}`, ignore }, () => {
    const ledger = new PldLedger(releases);
    const epsilon = ledger.epsilon(delta);
    close(epsilon, row.pld_epsilon, PLD_TOLERANCE, "epsilon");
    assert.ok(epsilon < row.rdp_epsilon, "tighter than RDP");
    if (row.pld_delta_at_epsilon_1 > 1e-11) {
      close(ledger.delta(1), row.pld_delta_at_epsilon_1, PLD_TOLERANCE, "delta at epsilon 1");
    }
  });
}

for (const { noise_multiplier: noiseMultiplier, sampling_rate: rate, rdp } of vectors.rdp_curves) {
  Deno.test(`RDP at every order: noise ${noiseMultiplier}, rate ${rate}`, () => {
    const curve = rdpOfRelease(
      { noiseMultiplier, sampling: sampling(rate) },
      vectors.default_orders,
    );
    rdp.forEach((expected, i) => {
      // dp-accounting gives these orders up; an order that we can compute is a bound as well.
      if (typeof expected === "number") {
        close(curve[i]!, expected, RDP_TOLERANCE, `order ${vectors.default_orders[i]}`);
      }
    });
  });
}

for (const row of vectors.without_replacement) {
  Deno.test(`RDP without replacement: ${row.sample} of ${row.population}, noise ${row.noise_multiplier}`, () => {
    const sampling = {
      method: "without-replacement",
      sampleSize: row.sample,
      populationSize: row.population,
    } as const;
    const release = { noiseMultiplier: row.noise_multiplier, sampling };
    const { epsilon, order } = new RdpLedger([{ release, count: row.steps }]).atBestOrder(
      row.delta,
    );
    close(epsilon, row.rdp_epsilon, RDP_TOLERANCE, "epsilon");
    assert.equal(order, row.rdp_order);
  });
}

for (const row of vectors.calibrated) {
  const { target_epsilon: epsilon, sampling_rate: rate, steps: count, delta, tolerance } = row;
  const target = { epsilon, delta, count, sampling: sampling(rate), tolerance };
  Deno.test(`calibration by RDP: epsilon ${epsilon}, rate ${rate}, ${count} releases`, () => {
    const noise = calibrateNoise(target);
    close(noise, row.rdp_noise_multiplier, 1e-5, "noise");
    const releases = (noiseMultiplier: number) => [
      { release: { noiseMultiplier, sampling: sampling(rate) }, count },
    ];
    assert.ok(new RdpLedger(releases(noise)).epsilon(delta) <= epsilon, "is enough");
    assert.ok(new RdpLedger(releases(noise - 2 * tolerance)).epsilon(delta) > epsilon, "is least");
  });
}

Deno.test({ name: "calibration by PLD needs less noise than by RDP", ignore: !NIGHTLY }, () => {
  const { target_epsilon: epsilon, sampling_rate: rate, steps: count, delta, ...row } = vectors
    .calibrated.at(-1)!;
  const target = { epsilon, delta, count, sampling: sampling(rate), tolerance: 1e-4 };
  close(calibrateNoise({ ...target, method: "pld" }), row.pld_noise_multiplier, 1e-3, "noise");
});

Deno.test("RDP and PLD lie around what Opacus says", () => {
  for (const row of vectors.opacus_1_6_0.slice(NIGHTLY ? 0 : -1)) {
    const release = {
      noiseMultiplier: row.noise_multiplier,
      sampling: sampling(row.sampling_rate),
    };
    const releases = [{ release, count: row.steps }];
    close(new RdpLedger(releases).epsilon(row.delta), row.rdp_epsilon, 1e-3, "RDP");
    // Opacus' PRV is the upper end of an interval of 0.01 to either side.
    const pld = new PldLedger(releases).epsilon(row.delta);
    assert.ok(pld <= row.prv_epsilon && pld >= row.prv_epsilon - 0.02, `${pld}`);
  }
});
