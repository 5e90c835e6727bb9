import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { FakeClock } from "../../base/clock.ts";
import { ConfigRecord } from "../config_record.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAdam } from "../strategy/fedopt.ts";
import type { Round, Strategy } from "../strategy/strategy.ts";
import { instruction } from "../testing.ts";
import type { CentralDp } from "./central_dp.ts";
import {
  assertModel,
  camelCase,
  forTestsRecordedNoise,
  metricsOf,
  recordOf,
  type StrategyCase,
  type VectorDraw,
  type VectorModel,
  type VectorRound,
  WRAPPER_CASES,
  WRAPPER_CONSTRUCTORS,
} from "./testing/vectors.ts";
import {
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyClientSideFixedClipping,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
} from "./wrappers.ts";

const WRAPPERS: { [name: string]: new (strategy: Strategy, options: never) => CentralDp } = {
  DifferentialPrivacyClientSideAdaptiveClipping,
  DifferentialPrivacyClientSideFixedClipping,
  DifferentialPrivacyServerSideAdaptiveClipping,
  DifferentialPrivacyServerSideFixedClipping,
};
const INNER: { [name: string]: new (options: object) => Strategy } = { FedAvg, FedAdam };

/** Deliberate differences from Flower. */
const DEVIATIONS: { readonly [name: string]: "refused" | "goes on" } = {
  "server-side fixed: a reply without change": "goes on",
  "server-side fixed: an integer array": "refused",
};

/** Noise of cases whose recording has none. */
const NOISE: { readonly [name: string]: readonly VectorDraw[] } = {
  // numpy.random.seed(1234): the first normals of numpy's legacy generator.
  "server-side fixed: numpy's own noise": [
    {
      scale: 0.5 * 0.5 / 3,
      shape: [2, 3],
      z: [
        ...[0.47143516373249306, -1.1909756947064645, 1.4327069684260973],
        ...[-0.3126518960917129, -0.7205887333650116, 0.8871629403077386],
      ],
    },
    { scale: 0.5 * 0.5 / 3, shape: [2], z: [0.8595884137174165, -0.6365235044173491] },
  ],
  "server-side fixed: a reply without change": [
    { scale: 0, shape: [2, 3], z: [0, 0, 0, 0, 0, 0] },
    { scale: 0, shape: [2], z: [0, 0] },
  ],
};

/** The model as a run of ours has it: Flower's FedAdam makes float64 of float32, ours does not. */
function sentOf({ sent, replies }: VectorRound): VectorModel {
  const first = replies.find(({ arrays }) => arrays !== undefined)?.arrays;
  return Object.fromEntries(
    Object.entries(sent).map(([name, array]) =>
      [name, { ...array, dtype: first?.[name]?.dtype ?? array.dtype }] as const
    ),
  );
}

const roundOf = (golden: VectorRound, nodes: readonly bigint[]): Round => ({
  number: golden.server_round,
  arrays: recordOf(sentOf(golden)),
  config: new ConfigRecord(),
  grid: new Grid(new FakeDriver([...nodes], () => undefined), 7n, { clock: new FakeClock() }),
});

function repliesOf({ replies }: VectorRound) {
  return replies.map(({ node_id, arrays, metrics = {} }) => {
    const to = instruction({ dstNodeId: BigInt(node_id) });
    return arrays === undefined
      ? to.replyError(2, "no data")
      : to.reply({ arrays: recordOf(arrays), metrics: metricsOf(metrics) });
  });
}

for (const golden of WRAPPER_CASES) {
  Deno.test(`flowerCompatible gives Flower's numbers: ${golden.name}`, () => replay(golden));
}

async function replay({ name, strategy, options, wraps, rounds }: StrategyCase) {
  const noise = forTestsRecordedNoise(
    NOISE[name] ?? rounds.flatMap(({ normal_draws = [] }) => normal_draws),
  );
  const least = { minTrainNodes: 1, minAvailableNodes: 1 };
  const inner = new INNER[wraps!.strategy]!({ ...camelCase(wraps!.options), ...least });
  const settings = { ...camelCase(options), flowerCompatible: true, forTestsNoise: noise };
  const wrapper = new WRAPPERS[strategy]!(inner, settings as never);
  for (const golden of rounds) {
    const round = roundOf(golden, golden.replies.map(({ node_id }) => BigInt(node_id)));
    if (DEVIATIONS[name] === "refused") {
      await assert.rejects(wrapper.configureTrain(round), { code: "invalid-argument" });
      return;
    }
    const plan = await wrapper.configureTrain(round);
    const config = plan.messages[0]!.content.configRecord("config");
    assert.deepEqual(
      [...config.typedEntries()],
      [...metricsOf(golden.sent_config).typedEntries()],
    );
    const { arrays, metrics } = await wrapper.aggregateTrain(round, repliesOf(golden));
    if (DEVIATIONS[name] === "goes on") {
      assert.notEqual(arrays, undefined);
      return;
    }
    assert.equal(arrays === undefined, golden.arrays === undefined || golden.arrays === null);
    if (golden.arrays) assertModel(arrays!.tensors(), golden.arrays, toleranceOf(golden));
    const norm = golden.state?.clipping_norm;
    if (norm !== undefined) assert.ok(Math.abs(wrapper.clippingNorm / norm - 1) < 1e-12);
    for (const [key, { float }] of Object.entries(golden.metrics ?? {})) {
      if (float !== undefined) assert.ok(Math.abs(metrics!.number(key) - float) < 1e-12);
    }
  }
  assert.equal(noise.left(), 0, "all recorded noise is drawn");
}

/** float16 has eleven bits: one unit in the last place. */
function toleranceOf({ sent }: VectorRound): number {
  return Object.values(sent).some(({ dtype }) => dtype === "float16") ? 2 ** -10 : 1e-6;
}

Deno.test("the wrappers refuse what Flower's refuse", () => {
  for (const { strategy, options, raises, ...state } of WRAPPER_CONSTRUCTORS) {
    const make = () => new WRAPPERS[strategy]!(new FedAvg(), camelCase(options) as never);
    if (raises !== null) assert.throws(make, (error) => error instanceof FlwrError);
    else if (state.noise_multiplier !== undefined) {
      assert.equal(make().updateNoiseMultiplier, state.noise_multiplier);
    } else make();
  }
});
