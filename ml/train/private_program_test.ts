import assert from "node:assert/strict";
import { topologicalOrder } from "../graph/traverse.ts";
import { OPTIMIZED } from "../lower/passes.ts";
import { lowerFreeRows, type Program, resultsOf } from "../lower/program.ts";
import { relu } from "../nn/activation.ts";
import { conv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import type { Layer } from "../nn/layer.ts";
import { crossEntropy } from "../nn/loss.ts";
import { maxPool2d } from "../nn/pooling.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { flatten } from "../nn/shaping.ts";
import { transformerEncoder } from "../nn/transformer.ts";
import { dpSgd } from "../step/dp_sgd.ts";
import { ONLY } from "./parts.ts";
import { passRows, privateProgram } from "./private_program.ts";

function programOf(network: Layer, shape: readonly number[], batch: number): Program {
  const recipe = {
    network,
    inputs: new Map([[ONLY, { shape, normalize: { mean: 0.5, deviation: 0.5 } }]]),
    losses: new Map([[ONLY, crossEntropy()]]),
    optimizer: sgd({ learningRate: 0.1 }),
  };
  const targets = new Map([[ONLY, { dtype: "uint8" as const, shape: [] }]]);
  return privateProgram(recipe, targets, {
    batch,
    fixedBatch: Math.max(2, batch - 6),
    whole: true,
    scheduled: false,
    weighted: false,
    proximal: false,
    expected: batch / 2,
    settings: dpSgd({ clip: 1, noiseMultiplier: 1 }),
  }, OPTIMIZED);
}

const free = (program: Program) => lowerFreeRows(program, program.free!, OPTIMIZED.patterns);

const CNN = sequential(
  conv2d({ out: 3, kernel: 3 }),
  relu(),
  maxPool2d(2),
  flatten(),
  dense({ out: 3 }),
);
const NETWORKS: Readonly<Record<string, readonly [Layer, number[]]>> = {
  "MLP": [sequential(dense({ out: 8 }), relu(), dense({ out: 3 })), [4]],
  "CNN": [CNN, [1, 8, 8]],
  "transformer with dropout": [
    sequential(
      transformerEncoder({ heads: 2, feedForward: 8, dropout: 0.1 }),
      flatten(),
      dense({ out: 3 }),
    ),
    [5, 4],
  ],
};

for (const [name, [network, shape]] of Object.entries(NETWORKS)) {
  Deno.test(`private program: a pass has as many rows as examples: ${name}`, () => {
    const program = programOf(network, shape, 23);
    assert.deepEqual(passRows(program), { most: 23, areFree: true });
    assert.ok(free(program));
  });
}

Deno.test("private program: convolutions below pools become products, as without privacy", () => {
  const primitives = topologicalOrder(resultsOf(programOf(CNN, [1, 8, 8], 20)))
    .map(({ primitive }) => primitive);
  assert.ok(primitives.includes("routeFirst"));
  assert.ok(!primitives.some((name) => name.startsWith("conv") || name.startsWith("maxPool")));
});

Deno.test("private program: where the graph changes with the number of rows by chance, passes have fewer", () => {
  // With 20 examples of 20 features, two arrays have the same shape by chance.
  const [network] = NETWORKS["transformer with dropout"]!;
  const program = programOf(network, [5, 4], 20);
  assert.equal(free(program), undefined);
  const fewer = program.free!.otherwise();
  assert.deepEqual(passRows(fewer), { most: 18, areFree: true });
  assert.ok(free(fewer));
});

Deno.test("private program: where no number of rows is free, all passes have the same one", () => {
  const [network, shape] = NETWORKS["MLP"]!;
  let program = programOf(network, shape, 20);
  while (program.free !== undefined) program = program.free.otherwise();
  assert.deepEqual(passRows(program), { most: 14, areFree: false });
});

Deno.test("private program: a program for two examples has a fixed number of rows", () => {
  const [network, shape] = NETWORKS["MLP"]!;
  assert.deepEqual(passRows(programOf(network, shape, 2)), { most: 2, areFree: false });
});
