import assert from "node:assert/strict";
import { type Optimizations, OPTIMIZED, PLAIN } from "../../ml/lower/passes.ts";
import type { Dataset, Model } from "../../ml/mod.ts";
import { tensor } from "../../tensor/tensor.ts";
import reference from "../vectors/ml/torch_reference.json" with { type: "json" };
import { exampleModel, formulaDataset, formulaParameters } from "./example_network.ts";

const EXAMPLES = 1616;

function part({ x, y }: ReturnType<typeof formulaDataset>, from: number, to: number): Dataset {
  return {
    x: tensor("uint8", [to - from, 3, 32, 32], x.data.subarray(from * 3072, to * 3072)),
    y: tensor("int64", [to - from], y.data.subarray(from, to)),
  };
}

interface Summary {
  readonly stride: number;
  readonly values: readonly number[];
  readonly sum: number;
}

/** Largest difference from the recorded values of all parameters. */
function difference(model: Model, recorded: Readonly<Record<string, Summary>>): number {
  let largest = 0;
  for (const [name, { data }] of model.getParameters()) {
    const { stride, values, sum } = recorded[name]!;
    const error = values.map((value, i) => Math.abs(Number(data[i * stride]) - value));
    const total = (data as Float32Array).reduce((a, b) => a + b, 0);
    largest = Math.max(largest, ...error, Math.abs(total - sum) / data.length);
  }
  return largest;
}

// Steps up to each checkpoint, as ranges of examples; the first 51 steps are an epoch that ends with a batch of 16.
const SEGMENTS = [
  { step: 1, from: 0, to: 32 },
  { step: 10, from: 32, to: 320 },
  { step: 51, from: 320, to: EXAMPLES },
  { step: 100, from: 0, to: 49 * 32 },
] as const;

// What was seen: 4e-9, 3e-8, 7e-8 and 9e-8 against float64 (tests print their own); a near-tie of a pool that is
// decided the other way moves a weight by about 1e-5, which is not a wrong step.
const TOLERANCES = { 1: 2e-8, 10: 2e-7, 51: 5e-7, 100: 1e-6 } as const;

async function trainAsRecorded(optimizations: Optimizations, threads: number): Promise<void> {
  const data = formulaDataset(EXAMPLES);
  assert.equal(data.x.data.reduce((a, b) => a + b, 0), reference.checksum, "same images");
  await using model = exampleModel({ optimizations, threads });
  model.setParameters(formulaParameters(model.getParameters()));

  const losses: number[] = [];
  for (const { step, from, to } of SEGMENTS) {
    const { losses: [loss] } = await model.fit(part(data, from, to), {
      shuffle: false,
      optimizerState: step === 1 ? "fresh" : "keep",
    });
    losses.push(loss!);
    const error = difference(model, reference.float64.checkpoints[step]);
    assert.ok(error < TOLERANCES[step], `after ${step} steps: weights differ by ${error}`);
  }
  assert.ok(Math.abs(losses[0]! - reference.float64.losses[0]!) < 1e-6, "first loss");

  const evaluation = await model.evaluate(data);
  assert.ok(Math.abs(evaluation.lossSum / reference.float64.lossSum - 1) < 1e-6, "loss");
  assert.equal(Math.round(evaluation.accuracy * EXAMPLES), reference.float64.correct);
}

Deno.test("plain lowering trains as PyTorch does", () => trainAsRecorded(PLAIN, 1));
Deno.test("optimised graphs train as PyTorch does", () => trainAsRecorded(OPTIMIZED, 1));
Deno.test("two threads train as PyTorch does", () => trainAsRecorded(OPTIMIZED, 2));
