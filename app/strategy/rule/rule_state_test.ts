import assert from "node:assert/strict";
import { zeros } from "../../../tensor/tensor.ts";
import { RuleState } from "./rule_state.ts";

const LIKE = zeros("float32", [2]);
const OTHER = zeros("float32", [3]);

Deno.test("a later change is made in place when drafts are kept, and not when they are dropped", () => {
  const state = new RuleState();
  const moments = state.moments("m");
  const addOne = () => {
    const values = moments.inPlace("w", LIKE);
    state.changeLater(() => values.forEach((value, i) => values[i] = value + 1));
    return values;
  };
  const first = addOne();
  assert.deepEqual([...first], [0, 0], "nothing is changed yet");
  state.dropDrafts();
  state.keepDrafts();
  assert.equal(moments.kept().size, 0, "what was dropped is not state");
  const kept = addOne();
  state.keepDrafts();
  assert.equal(addOne(), kept, "the state itself, not a copy");
  state.keepDrafts();
  state.keepDrafts();
  assert.deepEqual([...moments.kept().get("w")!], [2, 2], "each change is made once");
});

Deno.test("a change that would not be finite is a problem of the state, until it is dropped", () => {
  const state = new RuleState();
  state.changeLater(() => {});
  assert.equal(state.notFinite(), undefined);
  state.changeLater(() => {}, "element 1 would be NaN");
  assert.equal(state.notFinite(), "element 1 would be NaN");
  state.dropDrafts();
  assert.equal(state.notFinite(), undefined);
});

Deno.test("a model of another size does not lose the kept state before its change is kept", () => {
  const state = new RuleState();
  const moments = state.moments("m");
  moments.of("w", LIKE).fill(7);
  state.keepDrafts();
  assert.equal(moments.inPlace("w", OTHER).length, 3);
  state.dropDrafts();
  assert.deepEqual([...moments.inPlace("w", LIKE)], [7, 7]);
});
