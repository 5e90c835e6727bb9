import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { gaussianDelta } from "../../privacy/accounting/gaussian_mechanism.ts";
import { RdpAccountant } from "../../privacy/accounting/accountant.ts";
import { prefixError, sensitivityOf, squareRootBands } from "../../privacy/matrix/toeplitz.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedMedian } from "../strategy/order_statistics.ts";
import { FractionSelection } from "../strategy/selection/fraction_selection.ts";
import { ListedNodes } from "../strategy/selection/listed_nodes.ts";
import type { Selection } from "../strategy/selection/selection.ts";
import {
  DifferentialPrivacyMatrixMechanism,
  type MatrixMechanismOptions,
} from "./matrix_mechanism.ts";
import { aggregate, elementsOf, gridOf, modelOf, replyOf, roundOf } from "./testing/rounds.ts";

const OPTIONS: MatrixMechanismOptions = {
  clippingNorm: 1,
  noiseMultiplier: 0,
  numSampledClients: 3,
  rounds: 12,
  minSeparation: 4,
};
const mechanism = (options: Partial<MatrixMechanismOptions> = {}, strategy = new FedAvg()) =>
  new DifferentialPrivacyMatrixMechanism(strategy, { ...OPTIONS, ...options });
const invalid = (error: unknown) => error instanceof FlwrError && error.code === "invalid-argument";
const close = (actual: number, expected: number, tolerance: number, what = "") =>
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${what} ${actual}, expected ${expected}`);

/** Nodes that reply the model they were sent, plus what `update` says. */
function training(update: (message: Message) => number = () => 0) {
  return (message: Message) => {
    const [w] = message.content.arrayRecord("arrays").tensors().values();
    const metrics = new MetricRecord({ "num-examples": 1 });
    if (!message.metadata.messageType.startsWith("train")) return message.reply({ metrics });
    const change = update(message);
    const data = Float64Array.from([...w!.data], (x) => Number(x) + change);
    return message.reply({
      arrays: ArrayRecord.fromTensors(new Map([["w", { ...w!, data }]])),
      metrics,
    });
  };
}

const nodes = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => BigInt(i + 2));

Deno.test("correlated noise: each round asks so many nodes, none before its separation, and none too often", async () => {
  const { driver, grid } = gridOf(nodes(13), training());
  const strategy = mechanism();
  const initialArrays = ArrayRecord.fromTensors(modelOf([0, 0]));
  const result = await strategy.start(grid, { numRounds: 12, initialArrays });
  const joined = new Map<NodeId, number[]>();
  for (const { round, train } of result.rounds) {
    assert.equal(train!.nodeIds.length, 3);
    for (const nodeId of train!.nodeIds) {
      joined.set(nodeId, [...joined.get(nodeId) ?? [], round]);
    }
  }
  for (const rounds of joined.values()) {
    assert.ok(rounds.length <= 3);
    rounds.forEach((round, i) => assert.ok(i === 0 || round - rounds[i - 1]! >= 4, `${rounds}`));
  }
  assert.ok(joined.size > 9, "not always the same");
  // Evaluation asks all nodes: it is not part of the noise's bound.
  const evaluated = driver.pushed.filter(({ metadata }) => metadata.messageType === "evaluate");
  assert.equal(evaluated.length, 12 * 13);
});

Deno.test("correlated noise: the run ends when its rounds are used, and another run begins anew", async () => {
  const strategy = mechanism({ rounds: 2, minSeparation: 1 });
  for (let run = 0; run < 2; run++) {
    const { grid } = gridOf(nodes(3), training());
    const initialArrays = ArrayRecord.fromTensors(modelOf([0]));
    const result = await strategy.start(grid, { numRounds: 5, initialArrays });
    assert.equal(result.rounds.length, 2);
    assert.ok(result.stoppedEarly && result.stopReason !== undefined);
  }
});

Deno.test("correlated noise: it waits for nodes that may join, and says so", async () => {
  const { driver, grid, events } = gridOf(nodes(3), training());
  const strategy = mechanism({ rounds: 2, minSeparation: 2 });
  grid.subscribe((event) => {
    // Three more nodes come while the second round waits.
    if (event.type === "waiting-for-nodes") driver.online = nodes(6);
  });
  const initialArrays = ArrayRecord.fromTensors(modelOf([0]));
  const run = strategy.start(grid, { numRounds: 2, initialArrays });
  const clock = grid.clock as unknown as { advance(seconds: number): Promise<void> };
  let result: Awaited<typeof run> | undefined;
  void run.then((done) => result = done);
  while (result === undefined) await clock.advance(1);
  assert.deepEqual(result.rounds[1]!.train!.nodeIds, [5n, 6n, 7n]);
  const notes = events.filter((event) => event.type === "note").map(({ text }) => text);
  assert.ok(notes.some((text) => /0 of 3 online nodes may join round 2/.test(text)), `${notes}`);
});

Deno.test("correlated noise: a selection that asks another node is refused before anything is sent", async () => {
  const { driver, grid } = gridOf(nodes(6), training());
  const selections: Selection[] = [
    new ListedNodes([2n, 3n, 4n]),
    // Of any node that is online, without asking the round's grid.
    { select: () => Promise.resolve({ nodeIds: [2n, 3n, 4n], available: 3 }) },
    new FractionSelection({ minNodes: 4 }),
  ];
  const initialArrays = ArrayRecord.fromTensors(modelOf([0]));
  for (const selection of selections) {
    driver.pushed.length = 0;
    const strategy = mechanism({}, new FedAvg({}, { selection }));
    await assert.rejects(
      strategy.start(grid, { numRounds: 3, initialArrays }),
      (error) => error instanceof FlwrError && error.code === "failed-precondition",
    );
    const rounds = new Set(driver.pushed.map(({ metadata }) => metadata.groupId));
    assert.ok(rounds.size <= 1, `not in the second round: ${[...rounds]}`);
  }
});

Deno.test("correlated noise: an update of a node that may not join is left out", async () => {
  const strategy = mechanism();
  const sent = modelOf([0]);
  const answer = (nodeId: NodeId) => ({ nodeId, model: modelOf([0.5]) });
  await aggregate(strategy, sent, [answer(2n)]);
  const outcome = await aggregate(strategy, sent, [answer(2n), answer(3n)], 2);
  assert.deepEqual(outcome.results, [3n]);
  assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [2n]);
  assert.deepEqual(elementsOf(outcome), [0.5 / 3]);
});

Deno.test("correlated noise: a round without a release takes no row, and no participation", async () => {
  const strategy = mechanism({ minSeparation: 2, rounds: 2 });
  const sent = modelOf([0]);
  const broken = await aggregate(strategy, sent, [{ nodeId: 2n, model: modelOf([NaN]) }]);
  assert.equal(broken.aggregated, false);
  const outcome = await aggregate(strategy, sent, [{ nodeId: 2n, model: modelOf([0.5]) }], 2);
  assert.deepEqual(outcome.results, [2n]);
  assert.equal(strategy.stopBefore(3), undefined);
});

Deno.test("correlated noise: ε of the whole run is that of one Gaussian release, from the first round on", async () => {
  const config = { targetDelta: 1e-5, populationSize: 20 };
  const expected = new RdpAccountant(config);
  expected.compose({ noiseMultiplier: 1.3, sampleSize: 3 });
  const accountant = new RdpAccountant({ ...config, maxEpsilon: expected.epsilon() });
  const { grid, events } = gridOf(nodes(20), training());
  const initialArrays = ArrayRecord.fromTensors(modelOf([0]));
  const strategy = mechanism({ noiseMultiplier: 1.3, accountant });
  const result = await strategy.start(grid, { numRounds: 12, initialArrays });
  assert.equal(result.rounds.length, 12);
  for (const { train } of result.rounds) {
    assert.equal(train!.metrics!.get("privacy-epsilon"), expected.epsilon());
  }
  assert.equal(accountant.numReleases, 1);
  assert.ok(events.some((event) => event.type === "privacy-spent" && event.round === 12));
  // RDP is an upper bound of the exact ε.
  assert.ok(gaussianDelta(1.3, expected.epsilon()) <= 1e-5);
  // A second run is a second release, for which there is no budget.
  const again = gridOf(nodes(20), training());
  await assert.rejects(
    strategy.start(again.grid, { numRounds: 12, initialArrays }),
    (error) => error instanceof FlwrError && error.code === "failed-precondition",
  );
  assert.equal(again.driver.pushed.length, 0);
});

Deno.test("correlated noise: the models have the noise of A · C⁻¹, which is less than that of independent noise", async () => {
  const [length, z, clip, n] = [20_000, 2, 0.5, 3];
  const schema = { rounds: 12, minSeparation: 4, maxParticipations: 3 };
  const errorOf = async (bands: number) => {
    const { grid } = gridOf(nodes(13), training());
    const strategy = mechanism({ noiseMultiplier: z, clippingNorm: clip, bands });
    let squares = 0;
    await strategy.start(grid, {
      numRounds: 12,
      initialArrays: ArrayRecord.fromTensors(modelOf(Array(length).fill(0))),
      evaluateFn: (round, arrays) => {
        if (round === 0) return undefined;
        for (const x of arrays.tensors().get("w")!.data) squares += Number(x) ** 2;
        return undefined;
      },
    });
    return Math.sqrt(squares / length / 12);
  };
  const expected = (bands: number) => {
    const column = squareRootBands(bands);
    return z * clip / n * sensitivityOf(column, schema) * prefixError(column, 12);
  };
  const [correlated, independent] = [await errorOf(4), await errorOf(1)];
  // Seven standard deviations of a mean of this many squares, that of 12 dependent rounds included.
  close(correlated, expected(4), 7 * Math.sqrt(2 / length), "with four bands");
  close(independent, expected(1), 7 * Math.sqrt(2 / length), "independent");
  assert.ok(correlated < 0.75 * independent, `${correlated}, ${independent}: 0.696 of it`);
  // Three joins, and 1, 2, …, 12 independent rounds: √3 · √6.5.
  close(independent, 2 * 0.5 / 3 * Math.sqrt(3 * 6.5), 0.05);
});

/** A run of six rounds, round by round, that a new process continues after `cut` of them. */
async function cutRun(cut: number, update: (round: number, resumed: boolean) => number) {
  const settings = { noiseMultiplier: 1, rounds: 6, minSeparation: 2, bands: 3 };
  const accountant = () => new RdpAccountant({ targetDelta: 1e-5, populationSize: 6 });
  let strategy = mechanism({ ...settings, accountant: accountant() });
  // The key of the noise is the same in all runs of this test.
  const initial = strategy.saveState();
  const own = initial.configRecord("privacy");
  const noise = JSON.parse(own.string("correlated-noise"));
  own.set("correlated-noise", JSON.stringify({ ...noise, key: "ab".repeat(32) }));
  strategy.loadState(initial);
  let model = modelOf(Array(50).fill(0));
  for (let round = 1; round <= 6; round++) {
    if (round === cut + 1) {
      const state = strategy.saveState();
      strategy = mechanism({ ...settings, accountant: accountant() });
      strategy.loadState(state);
    }
    const change = update(round, round > cut);
    const data = [...model.get("w")!.data].map((x) => Number(x) + change);
    const nodeIds = round % 2 === 0 ? [2n, 3n] : [4n, 5n];
    const replies = nodeIds.map((nodeId) => replyOf({ nodeId, model: modelOf(data) }));
    const outcome = await strategy.aggregateTrain(roundOf(model, round), replies);
    assert.deepEqual(outcome.results, nodeIds);
    model = new Map(outcome.arrays!.tensors());
  }
  return { model, epsilon: strategy.saveState().configRecord("privacy").string("accountant") };
}

Deno.test("correlated noise: a resumed run goes on with the same bits and ε, after each round", async () => {
  const whole = await cutRun(6, () => 0.01);
  for (let cut = 0; cut < 6; cut++) {
    assert.deepEqual(await cutRun(cut, () => 0.01), whole, `cut after ${cut}`);
  }
});

Deno.test("correlated noise: a round that is repeated with other updates has independent noise", async () => {
  // Otherwise the difference of the two models would be that of the updates, without noise.
  const [first, repeated] = await Promise.all(
    [0.01, 0.02].map((change) => cutRun(5, (round) => round === 6 ? change : 0.01)),
  );
  const differences = [...first!.model.get("w")!.data].map((x, i) =>
    Number(repeated!.model.get("w")!.data[i]) - Number(x)
  );
  assert.ok(new Set(differences.map((x) => x.toPrecision(6))).size > 45, `${differences}`);
});

Deno.test("correlated noise: a state of another schema, or a damaged one, is refused and changes nothing", async () => {
  const strategy = mechanism({ noiseMultiplier: 1 });
  await aggregate(strategy, modelOf([0]), [{ nodeId: 2n, model: modelOf([0.5]) }]);
  const before = strategy.saveState().configRecord("privacy").string("correlated-noise");
  const changed = [
    { rounds: 13 },
    { bands: 2 },
    { minSeparation: 1 },
    { key: "ab" },
    { rowKeys: ["xyz"] },
    { rowKeys: Array(13).fill("ab".repeat(32)) },
    { participation: { a: [0, 1] } },
    { participation: { 2: [0, -1] } },
    { participation: { 2: 7 } },
    { participation: { 2: [0] } },
  ];
  for (const change of changed) {
    const state = strategy.saveState();
    const text = JSON.stringify({ ...JSON.parse(before), ...change });
    state.configRecord("privacy").set("correlated-noise", text);
    assert.throws(() => strategy.loadState(state), invalid, JSON.stringify(change));
    const after = strategy.saveState().configRecord("privacy").string("correlated-noise");
    assert.equal(after, before);
  }
});

Deno.test("correlated noise: options without a guarantee are refused", () => {
  const accountant = new RdpAccountant({ targetDelta: 1e-5, populationSize: 11 });
  const refused: Partial<MatrixMechanismOptions>[] = [
    { rounds: 0 },
    { rounds: 1.5 },
    { minSeparation: 0 },
    { maxParticipations: 0 },
    { bands: 0 },
    { bands: 13 },
    { clippingNorm: 0 },
    { noiseMultiplier: -1 },
    { noiseMultiplier: NaN },
    { numSampledClients: 0 },
    { weightCap: 0 },
    // Four rounds apart with three nodes each need twelve nodes.
    { populationSize: 11 },
    { noiseMultiplier: 1, accountant },
    // Twelve rounds of three nodes, and 35 joins.
    { populationSize: 35, maxParticipations: 1 },
  ];
  for (const options of refused) {
    assert.throws(() => mechanism(options), invalid, JSON.stringify(options));
  }
  mechanism({ populationSize: 36, maxParticipations: 1 });
  assert.throws(() => mechanism({}, new FedMedian() as unknown as FedAvg), invalid);
});
