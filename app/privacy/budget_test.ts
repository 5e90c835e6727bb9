import assert from "node:assert/strict";
import {
  PldAccountant,
  type PrivacyConfig,
  RdpAccountant,
} from "../../privacy/accounting/accountant.ts";
import { calibrateNoise } from "../../privacy/accounting/calibrate.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { historyToJson } from "../strategy/history_json.ts";
import { gridOf, modelOf } from "./testing/rounds.ts";
import {
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
} from "./wrappers.ts";

const initialArrays = ArrayRecord.fromTensors(modelOf([0, 0]));
const NODES = [2n, 3n, 4n];
const CONFIG: PrivacyConfig = { targetDelta: 1e-5, populationSize: 3 };
/** Flower's run with noise 0.5 for 3 of 3 nodes: ε after its first round. */
const FIRST_EPSILON = 10.725509696418232;

const train = (message: Message): Message =>
  message.reply({
    arrays: message.content.arrayRecord("arrays"),
    metrics: new MetricRecord({ "num-examples": 1, loss: 1 }),
  });

function strategyWith(config: Partial<PrivacyConfig>, noiseMultiplier = 0.5, inner = new FedAvg()) {
  const accountant = new RdpAccountant({ ...CONFIG, ...config });
  const options = { clippingNorm: 1, noiseMultiplier, numSampledClients: 3, accountant };
  return { accountant, strategy: new DifferentialPrivacyServerSideFixedClipping(inner, options) };
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} is not ${expected}`);

Deno.test("a run ends before its budget is exceeded, with its model and the reason", async () => {
  const { strategy } = strategyWith({ maxEpsilon: 15 });
  const { grid, events } = gridOf(NODES, train);
  const result = await strategy.start(grid, { initialArrays, numRounds: 5 });
  assert.equal(result.rounds.length, 1);
  assert.equal(result.stoppedEarly, true);
  assert.match(
    result.stopReason!,
    /round 2 would exceed ε 15 at δ 0.00001, of which 10.73 is spent/,
  );
  assert.notDeepEqual(result.arrays.tensors(), initialArrays.tensors());
  near(result.trainMetrics.get(1)!.number("privacy-epsilon"), FIRST_EPSILON);
  assert.equal(result.trainMetrics.get(1)!.number("privacy-delta"), 1e-5);
  const json = historyToJson(result);
  assert.equal(json["stop-reason"], result.stopReason);
  assert.equal(json["stopped-early"], true);
  near(json.rounds[0]!.train!.metrics!["privacy-epsilon"] as number, FIRST_EPSILON);
  assert.deepEqual(events.find(({ type }) => type === "stopped-early"), {
    type: "stopped-early",
    round: 1,
    numRounds: 5,
    reason: result.stopReason,
  });
  const spent = events.filter((event) => event.type === "privacy-spent");
  assert.equal(spent.length, 1);
  const { epsilon, ...assumptions } = spent[0]!.privacy;
  near(epsilon, FIRST_EPSILON);
  assert.deepEqual(assumptions, {
    delta: 1e-5,
    unit: "node",
    neighboringRelation: "add-or-remove-one",
    samplingMethod: "no-amplification",
    accountingMethod: "rdp",
  });
});

Deno.test("a run whose first round would exceed the budget does not begin", async () => {
  const { strategy } = strategyWith({ maxEpsilon: 10 });
  const { grid, driver } = gridOf(NODES, train);
  await assert.rejects(strategy.start(grid, { initialArrays }), { code: "failed-precondition" });
  assert.equal(driver.pushed.length, 0);
});

Deno.test("calibrated noise lasts for the planned rounds, and for no more", async () => {
  const [numRounds, epsilon] = [3, 3];
  for (const Accountant of [RdpAccountant, PldAccountant]) {
    const method = Accountant === RdpAccountant ? "rdp" : "pld";
    const target = { epsilon, delta: 1e-5, count: numRounds, method } as const;
    const strategy = new DifferentialPrivacyServerSideFixedClipping(
      new FedAvg({ fractionEvaluate: 0 }),
      {
        clippingNorm: 1,
        numSampledClients: 3,
        noiseMultiplier: calibrateNoise({ ...target, tolerance: 5e-3 }),
        accountant: new Accountant({ ...CONFIG, maxEpsilon: epsilon }),
      },
    );
    const { grid } = gridOf(NODES, train);
    const result = await strategy.start(grid, { initialArrays, numRounds: numRounds + 2 });
    assert.equal(result.rounds.length, numRounds, method);
    const last = result.trainMetrics.get(numRounds)!.number("privacy-epsilon");
    assert.ok(last <= epsilon && last > 0.98 * epsilon, `${last}`);
  }
});

Deno.test("every release counts: with failures, and over several runs", async () => {
  const { accountant, strategy } = strategyWith({}, 2);
  const { grid } = gridOf(
    NODES,
    (message) =>
      message.metadata.dstNodeId === 3n ? message.replyError(2, "no data") : train(message),
  );
  await strategy.start(grid, { initialArrays, numRounds: 2 });
  assert.equal(accountant.numReleases, 2);
  await strategy.start(grid, { initialArrays, numRounds: 1 });
  assert.equal(accountant.numReleases, 3);
  const expected = new RdpAccountant(CONFIG);
  expected.compose({ noiseMultiplier: 2, sampleSize: 3 }, 3);
  assert.equal(accountant.epsilon(), expected.epsilon());
});

Deno.test("a round without a usable reply releases nothing and counts nothing", async () => {
  const { accountant, strategy } = strategyWith({});
  const { grid } = gridOf(NODES, (message) => message.replyError(2, "no data"));
  await assert.rejects(strategy.start(grid, { initialArrays, numRounds: 2 }));
  assert.equal(accountant.numReleases, 0);
});

Deno.test("a release counts although the inner strategy then keeps the old model", async () => {
  const { accountant, strategy } = strategyWith({}, 0.5, new FedAvg({ acceptFailures: false }));
  const { grid } = gridOf(
    NODES,
    (message) =>
      message.metadata.dstNodeId === 3n ? message.replyError(2, "no data") : train(message),
  );
  await assert.rejects(strategy.start(grid, { initialArrays, numRounds: 1 }));
  assert.equal(accountant.numReleases, 1);
});

Deno.test("adaptive clipping: count and updates together cost what z says", async () => {
  const accountant = new RdpAccountant(CONFIG);
  const strategy = new DifferentialPrivacyServerSideAdaptiveClipping(new FedAvg(), {
    ...{ noiseMultiplier: 0.25, numSampledClients: 3, accountant },
  });
  const { grid } = gridOf(NODES, train);
  await strategy.start(grid, { initialArrays, numRounds: 1 });
  const together = new RdpAccountant(CONFIG);
  // Two Gaussian releases: multipliers z_Δ for the updates and 2 · σ_b for counts of ±½.
  together.compose({ noiseMultiplier: strategy.updateNoiseMultiplier, sampleSize: 3 });
  together.compose({ noiseMultiplier: 2 * 3 / 20, sampleSize: 3 });
  near(accountant.epsilon(), together.epsilon());
});
