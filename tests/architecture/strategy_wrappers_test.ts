/** Strategies around other strategies pass on each call of the Strategy interface. */
import assert from "node:assert/strict";
import * as flwr from "../../mod.ts";
import { phaseOf } from "../../app/strategy/round/round.ts";
import { roundOf, trained } from "../../app/strategy/testing.ts";

const {
  ArrayRecord,
  ComposedStrategy,
  ConfigRecord,
  FedAvg,
  RdpAccountant,
  RecordDict,
  Strategy,
  StrategyWrapper,
  tensor,
} = flwr;

type Round = flwr.Round;

const MODEL = ArrayRecord.fromTensors({
  shared: tensor("float32", [1], Float32Array.of(1)),
  local: tensor("float32", [1], Float32Array.of(2)),
});

/** What the inner strategy answers to each call: no other strategy does. */
const ANSWERS = {
  initialArrays: Promise.resolve({ arrays: MODEL, nodeId: 77n }),
  configureEvaluate: Promise.resolve({ messages: [], available: 77 }),
  aggregateEvaluate: { results: [77n], failures: [], aggregated: false },
  stopBefore: "the inner strategy ends the run",
  checkTrain: {} as flwr.CheckedReply,
  saveState: () => new RecordDict([["inner", new ConfigRecord({ state: "inner" })]]),
  saveReleases: () => new RecordDict([["inner", new ConfigRecord({ releases: "inner" })]]),
};

/** A strategy whose answers show that it was asked. */
class Inner extends FedAvg {
  loaded: flwr.RecordDict[] = [];
  override get usesMeanOnly() {
    return true;
  }
  override get savesEachRound() {
    return true;
  }
  override initialArrays() {
    return ANSWERS.initialArrays;
  }
  override configureEvaluate() {
    return ANSWERS.configureEvaluate;
  }
  override aggregateEvaluate() {
    return ANSWERS.aggregateEvaluate;
  }
  override stopBefore() {
    return ANSWERS.stopBefore;
  }
  override checkTrain() {
    return ANSWERS.checkTrain;
  }
  override saveState() {
    return ANSWERS.saveState();
  }
  override loadState(state: flwr.RecordDict) {
    this.loaded.push(state);
  }
  override saveReleases() {
    return ANSWERS.saveReleases();
  }
  override loadReleases(releases: flwr.RecordDict) {
    this.loaded.push(releases);
  }
}

const accountant = () => new RdpAccountant({ targetDelta: 1e-5, populationSize: 5 });
const central = { noiseMultiplier: 1, numSampledClients: 5 };

/** Each wrapper that the package exports, around a strategy. */
const WRAPPERS: Readonly<Record<string, (inner: flwr.Strategy) => flwr.Strategy>> = {
  PartialModel: (inner) => new flwr.PartialModel(inner, { isLocal: (name) => name === "local" }),
  SecAggPlus: (inner) => new flwr.SecAggPlus(inner),
  SecureAggregation: (inner) =>
    new flwr.SecureAggregation(inner, {
      privacy: { clippingNorm: 1, epsilon: 8, delta: 1e-5, rounds: 3 },
    }),
  DifferentialPrivacyServerSideFixedClipping: (inner) =>
    new flwr.DifferentialPrivacyServerSideFixedClipping(inner, {
      ...central,
      clippingNorm: 1,
      accountant: accountant(),
    }),
  DifferentialPrivacyServerSideAdaptiveClipping: (inner) =>
    new flwr.DifferentialPrivacyServerSideAdaptiveClipping(inner, {
      ...{ ...central, clippedCountStddev: 2, accountant: accountant() },
    }),
  DifferentialPrivacyClientSideFixedClipping: (inner) =>
    new flwr.DifferentialPrivacyClientSideFixedClipping(inner, { ...central, clippingNorm: 1 }),
  DifferentialPrivacyClientSideAdaptiveClipping: (inner) =>
    new flwr.DifferentialPrivacyClientSideAdaptiveClipping(inner, {
      ...{ ...central, clippedCountStddev: 2 },
    }),
  DifferentialPrivacyMatrixMechanism: (inner) =>
    new flwr.DifferentialPrivacyMatrixMechanism(inner, {
      ...{ ...central, clippingNorm: 1, rounds: 4, minSeparation: 1, accountant: accountant() },
    }),
};

/** What shows that a wrapper passes a call on. */
type Check = (wrapper: flwr.Strategy, inner: Inner, round: Round) => void | Promise<void>;

/** A member is passed on; or it is the wrapper's own, for the reason that is given. */
const MEMBERS: Readonly<Record<string, Check | string>> = {
  name: ({ name }, inner) => assert.ok(name.includes(inner.name), name),
  savesEachRound: ({ savesEachRound }) => assert.equal(savesEachRound, true),
  stopBefore: (wrapper) => assert.equal(wrapper.stopBefore(2), ANSWERS.stopBefore),
  checkTrain: (wrapper, _, round) =>
    assert.equal(
      wrapper.checkTrain(phaseOf(round, "train"), trained(5, MODEL)),
      ANSWERS.checkTrain,
    ),
  initialArrays: async (wrapper, _, { grid }) =>
    assert.equal(await wrapper.initialArrays(grid, { timeout: 1 }), await ANSWERS.initialArrays),
  configureEvaluate: async (wrapper, _, round) =>
    assert.equal(await wrapper.configureEvaluate(round), await ANSWERS.configureEvaluate),
  aggregateEvaluate: async (wrapper, _, round) =>
    assert.equal(await wrapper.aggregateEvaluate(round, []), ANSWERS.aggregateEvaluate),
  saveState: (wrapper) => assertHas(wrapper.saveState(), "state"),
  loadState: (wrapper, inner) => {
    wrapper.loadState(wrapper.saveState());
    assert.deepEqual([...inner.loaded.at(-1)!.keys()], ["inner"]);
    assertHas(inner.loaded.at(-1)!, "state");
  },
  saveReleases: (wrapper) => assertHas(wrapper.saveReleases(), "releases"),
  loadReleases: (wrapper, inner) => {
    wrapper.loadReleases(wrapper.saveReleases());
    assert.deepEqual([...inner.loaded.at(-1)!.keys()], ["inner"]);
    assertHas(inner.loaded.at(-1)!, "releases");
  },
  usesMeanOnly: "a wrapper does more than compute a mean, whatever is inside",
  collectTrain: "collects for the wrapper's own aggregateTrain, which a wrapper must have",
  start: "runs the wrapper's rounds: a strategy with its own start is refused",
};

function assertHas(records: flwr.RecordDict, what: string): void {
  const found = [...records.configRecords.values()].some((record) => record.get(what) === "inner");
  assert.ok(found, `${what} of the inner strategy`);
}

/** The members that are called of strategies, abstract ones too: the base class of wrappers has these. */
function membersOf(...classes: { readonly prototype: object }[]): string[] {
  const names = classes.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  return [...new Set(names)].filter((name) => name !== "constructor").sort();
}

/** The classes of strategies that the package exports. */
const exported = Object.entries(flwr).filter(([, value]) =>
  typeof value === "function" && value.prototype instanceof Strategy
) as [string, { readonly prototype: object }][];

Deno.test("each member of Strategy is passed on by wrappers, or is their own for a reason", () => {
  assert.deepEqual(membersOf(Strategy, StrategyWrapper), Object.keys(MEMBERS).sort());
  for (const [name, check] of Object.entries(MEMBERS)) {
    const isOwn = Object.hasOwn(StrategyWrapper.prototype, name);
    const isPassedOn = typeof check === "function" || name === "usesMeanOnly";
    assert.equal(isOwn, isPassedOn, name);
  }
});

Deno.test("each exported strategy is composed of parts or a StrategyWrapper, and each wrapper is tested here", () => {
  const wrappers: string[] = [];
  for (const [name, { prototype }] of exported) {
    if (prototype instanceof StrategyWrapper) wrappers.push(name);
    else if (name !== "ComposedStrategy" && name !== "StrategyWrapper") {
      assert.ok(prototype instanceof ComposedStrategy, `${name} extends neither`);
    }
  }
  // The only abstract one; the derived classes are tested.
  assert.deepEqual(
    wrappers.filter((name) => name !== "CentralDp").sort(),
    [
      ...Object.keys(WRAPPERS),
    ].sort(),
  );
});

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  Deno.test(`${name} passes on each call that it has no part in`, async () => {
    for (const check of Object.values(MEMBERS)) {
      if (typeof check === "string") continue;
      const inner = new Inner();
      await check(wrap(inner), inner, roundOf(MODEL));
    }
  });
}
