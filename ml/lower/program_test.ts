import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { add, exp, mul, stopGradient } from "../graph/elementwise.ts";
import { input, type Node } from "../graph/value.ts";
import { MODEL } from "../onnx/message/types.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { lowerProgram, nextName, startOf, stepsName } from "./program.ts";

const source = (name: string) => input(name, "float32", []) as Node<"input">;
const [state, step, scale] = [source("state"), source("step"), source("scale")];
const factor = exp(scale);

/** state ← state + step · eˢᶜᵃˡᵉ; yields the state before and after each step, and the constant factor. */
const model = lowerProgram({
  state: [{ input: state, next: add(state, mul(step, factor)) }],
  scanned: [step],
  captured: [scale],
  stacked: [
    { name: "before", value: stopGradient(state) },
    { name: "after", value: add(state, mul(step, factor)) },
    { name: "factor", value: factor },
  ],
}, []);

Deno.test("values that do not change are computed once, before the loop", () => {
  const { graph } = MODEL.decode(model);
  assert.deepEqual(graph!.node.map(({ opType }) => opType), ["Exp", "Scan"]);
  const body = graph!.node[1]!.attribute.find(({ name }) => name === "body")!.g!;
  assert.deepEqual(body.node.map(({ opType }) => opType).sort(), [
    "Add",
    "Identity",
    "Identity",
    "Identity",
    "Mul",
  ]);
});

Deno.test("steps are run in order; outputs may share values, or be inputs or constants", async () => {
  await using engine = await LocalEngine.create(1);
  await engine.load("loop", model);
  const number = (value: number) => tensor("float32", [], Float32Array.of(value));
  const { returned: results } = await engine.run({
    model: "loop",
    stored: [],
    given: [
      [startOf("state"), number(1)],
      [stepsName("step"), tensor("float32", [3], Float32Array.of(1, 2, 3))],
      ["scale", number(0)],
    ],
    kept: [],
    returned: [nextName("state"), "before", "after", "factor"],
  });
  assert.deepEqual(results.map(({ data }) => [...data as Float32Array]), [
    [7],
    [1, 2, 4],
    [2, 4, 7],
    [1, 1, 1],
  ]);
});
