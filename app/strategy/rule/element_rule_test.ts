import assert from "node:assert/strict";
import { type Random, seededRandom, systemRandom } from "../../../base/random.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { zerosInNpy } from "../../../tensor/npy.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { FakeDriver } from "../../fake_driver.ts";
import { Grid } from "../../grid.ts";
import { phaseOf, type Tensors } from "../round/round.ts";
import { adagradRule, adamRule, yogiRule } from "./adaptive.ts";
import { applyAtOnce } from "./element_rule.ts";
import { momentumRule } from "./momentum.ts";
import { RuleState } from "./rule_state.ts";
import type { ServerRule } from "./server_rule.ts";

const GRID = new Grid(new FakeDriver([], () => undefined), 7n);
const LENGTH = 300;

const RULES: Readonly<Record<string, () => ServerRule>> = {
  adagrad: () => adagradRule(),
  adam: () => adamRule(),
  yogi: () => yogiRule(),
  momentum: () => momentumRule({ serverLearningRate: 0.5, serverMomentum: 0.9 }),
};

const roundOf = (number: number, model: Tensors) =>
  phaseOf({
    number,
    arrays: ArrayRecord.fromTensors(model),
    config: new ConfigRecord(),
    grid: GRID,
  }, "train");

/** Arrays of several types, in the memory of an aggregate. */
function model(random: Random, scale = 1): Map<string, Tensor> {
  const filled = <D extends "float32" | "float64">(dtype: D, shape: number[]) => {
    const made = zerosInNpy(dtype, shape);
    for (let i = 0; i < made.data.length; i++) made.data[i] = scale * (random.uniform() - 0.5);
    return made as Tensor;
  };
  return new Map([
    ["w", filled("float32", [LENGTH])],
    ["scalar", filled("float64", [])],
  ]);
}

/** All bits of a model and a state. */
const bits = (arrays: Tensors, state: RuleState) =>
  [arrays, ...[...state.save().arrayRecords.values()].map((record) => record.tensors())].map(
    (tensors) => [...tensors].map(([name, { dtype, data }]) => [name, dtype, [...data]]),
  );

for (const [name, make] of Object.entries(RULES)) {
  Deno.test(`element rule: ${name} at once has the bits of two passes, round after round`, () => {
    const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
    const random = seededRandom(seed);
    const [rule, atOnce, twice] = [make(), new RuleState(), new RuleState()];
    let sent: Tensors = model(random);
    for (let number = 1; number <= 4; number++) {
      const mean = model(random);
      const copy = ArrayRecord.fromTensors(mean).tensors();
      const round = roundOf(number, sent);
      const first = applyAtOnce(rule, round, mean, atOnce)!;
      const second = rule.apply(round, copy, twice);
      assert.equal(twice.notFinite(), undefined);
      twice.keepDrafts();
      assert.deepEqual(bits(first, atOnce), bits(second, twice), `seed ${seed}, round ${number}`);
      sent = second;
    }
  });

  Deno.test(`element rule: ${name} changes nothing at once if a number might become infinite`, () => {
    const random = seededRandom(7);
    const [rule, state] = [make(), new RuleState()];
    assert.ok(applyAtOnce(rule, roundOf(1, model(random)), model(random), state));
    const sent = model(random);
    const before = bits(sent, state);
    for (const odd of [NaN, Infinity, 3e38]) {
      const mean = model(random);
      mean.get("w")!.data[LENGTH - 1] = odd;
      assert.equal(applyAtOnce(rule, roundOf(2, sent), mean, state), undefined, `${odd}`);
      assert.deepEqual(bits(sent, state), before);
    }
    // A change that another part registered in this round is not finite.
    state.changeLater(() => {}, "element 1 would be NaN");
    assert.equal(applyAtOnce(rule, roundOf(2, sent), model(random), state), undefined);
  });
}

Deno.test("element rule: a rule around another is applied itself", () => {
  const rule = adamRule();
  const around: ServerRule = { ...rule, apply: (_, aggregate) => aggregate };
  const random = seededRandom(1);
  const round = roundOf(1, model(random));
  assert.equal(applyAtOnce(around, round, model(random), new RuleState()), undefined);
});

Deno.test("element rule: a loaded second moment that is negative is not taken for sound", () => {
  const random = seededRandom(1);
  const [rule, state] = [adamRule(), new RuleState()];
  const round = roundOf(1, model(random));
  applyAtOnce(rule, round, model(random), state);
  const saved = state.save();
  const seconds = new Map(saved.arrayRecord("second").tensors());
  seconds.get("w")!.data[3] = -1;
  saved.set("second", ArrayRecord.fromTensors(seconds));
  state.load(saved);
  assert.equal(applyAtOnce(rule, round, model(random), state), undefined);
});

Deno.test("element rule: arrays that no node sent stay as they are, and so do their moments", () => {
  const random = seededRandom(1);
  const [rule, state] = [adamRule(), new RuleState()];
  const sent = new Map([...model(random), ["own", tensor("float32", [1], Float32Array.of(5))]]);
  const made = applyAtOnce(rule, roundOf(1, sent), model(random), state)!;
  assert.deepEqual(made.get("own")!.data, Float32Array.of(5));
  assert.equal(state.moments("first").kept().has("own"), false);
});
