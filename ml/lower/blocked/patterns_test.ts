import assert from "node:assert/strict";
import fc from "fast-check";
import { gradients } from "../../grad/gradients.ts";
import { conv, type ConvolutionOptions, maxPool } from "../../graph/convolution.ts";
import { add, mul, relu } from "../../graph/elementwise.ts";
import { reshape } from "../../graph/movement.ts";
import { normalize } from "../../graph/normalize.ts";
import { reduceMean, reduceSum } from "../../graph/reduce.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import type { Value } from "../../graph/value.ts";
import { GraphBuilder } from "../../onnx/graph_builder.ts";
import { modelBytes } from "../../onnx/model.ts";
import { requireSelfContained } from "../../onnx/self_contained.ts";
import { LocalEngine } from "../../session/local_engine.ts";
import { assertClose, randomInputs, real } from "../../testing/compare.ts";
import { evaluateOnnx } from "../../testing/evaluate_onnx.ts";
import { interpret } from "../../testing/interpreter.ts";
import { blockSize } from "../../train/block_size.ts";
import { emit } from "../emit.ts";
import { applyPasses, OPTIMIZED } from "../passes.ts";
import { withBlocks } from "./with_blocks.ts";
import { NIGHTLY } from "../../../tests/support/nightly.ts";

/** Starts the engine of all these tests. */
const startEngine = () => LocalEngine.create(2);

const machineBlock = await (async () => {
  await using engine = await startEngine();
  return await blockSize(engine, startEngine);
})();

const side = fc.integer({ min: 3, max: 6 });

/**
 * Registers a test: the network that `build` makes gives the numbers of the definitions on blocks. Gradients in all
 * inputs are compared too, unless the network only runs forwards.
 */
function blocksTest(
  name: string,
  operators: readonly string[],
  build: (block: number, height: number, width: number, flags: number) => Value,
  forwardOnly = false,
): void {
  Deno.test({
    name,
    ignore: machineBlock === undefined,
    fn: async () => {
      const optimizations = withBlocks(OPTIMIZED, machineBlock!, forwardOnly);
      await using engine = await startEngine();
      await fc.assert(
        fc.asyncProperty(side, side, fc.nat(7), fc.nat(), async (height, width, flags, seed) => {
          const output = build(machineBlock!, height, width, flags);
          const inputs = topologicalOrder([output]).filter((x) => x.primitive === "input");
          const [blocked] = applyPasses([output], optimizations);
          const all = (y: Value) =>
            forwardOnly ? [y] : [y, ...gradients(y, inputs, real("d", y.shape))];
          const made = operatorsOf(all(blocked!), optimizations.patterns);
          for (const op of operators) assert.ok(made.has(op), `${op} among ${[...made]}`);

          const numbers = randomInputs(all(output), seed);
          const expected = interpret(all(output), numbers);
          const got = await evaluateOnnx(engine, all(blocked!), numbers, {
            passes: [],
            patterns: optimizations.patterns,
          });
          expected.forEach((value, i) => assertClose(got[i]!, value, 1e-4, `result ${i}`));
        }),
        { numRuns: NIGHTLY ? 12 : 4 },
      );
    },
  });
}

function operatorsOf(
  outputs: readonly Value[],
  patterns: Parameters<typeof emit>[1],
): ReadonlySet<string> {
  const builder = new GraphBuilder();
  emit(outputs, patterns, () => builder);
  const graph = builder.build("g", [], []);
  // Graphs with blocks also run for untrusted senders.
  requireSelfContained(modelBytes(graph));
  const { node } = graph;
  return new Set(node.map(({ domain, opType }) => domain === "" ? opType : `blocked ${opType}`));
}

function kernels(name: string, ...shape: number[]): Value {
  // Small, so that sums over many products stay near 1. A power of two, so that sums that are zero are exactly zero.
  return mul(real(name, shape), 0.125);
}

function perChannel(name: string, channels: number): Value {
  return reshape(real(name, [channels]), [1, channels, 1, 1]);
}

function normalized(x: Value, name: string): Value {
  const channels = x.shape[1]!;
  const normal = normalize(x, { axes: [0, 2, 3], epsilon: 0.1 });
  const scaled = mul(normal, perChannel(`${name}.scale`, channels));
  return add(scaled, perChannel(`${name}.shift`, channels));
}

function walk(flags: number): ConvolutionOptions {
  return { stride: [1 + (flags & 1), 1 + (flags >> 2)], padding: [1, (flags >> 1) & 1] };
}

blocksTest("convolutions of whole blocks, with every stride and padding", ["blocked Conv"], (
  block,
  h,
  w,
  flags,
) =>
  conv(
    conv(real("x", [2, 2 * block, h, w]), kernels("w", block, 2 * block, 3, 2), walk(flags)),
    kernels("w2", 2 * block, block, 1, 1),
  ));

blocksTest("a first convolution of few channels with bias and relu", ["blocked Conv"], (
  block,
  h,
  w,
  flags,
) => {
  const y = conv(real("x", [2, 3, h, w]), kernels("w", 2 * block, 3, 3, 3), walk(flags));
  const biased = add(y, perChannel("bias", 2 * block));
  return (flags & 2) > 0 ? relu(biased) : biased;
});

blocksTest(
  "depthwise convolutions",
  ["blocked Conv"],
  (block, h, w, flags) =>
    conv(real("x", [2, 2 * block, h, w]), kernels("w", 2 * block, 1, 3, 3), {
      ...walk(flags),
      dilation: [1, 1 + ((flags & 4) >> 2) * ((flags & 2) >> 1)],
      groups: 2 * block,
    }),
);

blocksTest(
  "kernels of one element with a stride, between others",
  ["blocked Conv", "Gemm"],
  (block, h, w, flags) => {
    const first = relu(
      conv(real("x", [3, block, h, w]), kernels("w", block, block, 3, 3), { padding: 1 }),
    );
    return conv(first, kernels("w2", 2 * block, block, 1, 1), { stride: walk(flags).stride });
  },
);

blocksTest(
  "a residual block with batch normalisation, followed by the mean of its images",
  ["blocked Conv", "blocked GlobalAveragePool"],
  (block, h, w, flags) => {
    const x = real("x", [3, block, h, w]);
    const first = relu(
      normalized(conv(x, kernels("w1", block, block, 3, 3), { padding: 1 }), "n1"),
    );
    const second = normalized(conv(first, kernels("w2", block, block, 3, 3), { padding: 1 }), "n2");
    const around = (flags & 1) > 0
      ? normalized(conv(first, kernels("w3", block, block, 1, 1)), "n3")
      : first;
    const sum = (flags & 2) > 0 ? add(second, around) : add(around, second);
    return (flags & 4) > 0 ? relu(sum) : reduceMean(relu(sum), { axes: [2, 3] });
  },
);

blocksTest("normalised images without scale, and sums of channels", ["blocked Conv"], (
  block,
  h,
  w,
  flags,
) => {
  const x = real("x", [2, 2 * block, h, w]);
  const y = conv(x, kernels("w", 2 * block, 1, 3, 3), { padding: 1, groups: 2 * block });
  const normal = normalize(y, { axes: [0, 2, 3], epsilon: 0.1 });
  return (flags & 1) > 0 ? normal : reduceSum(mul(normal, y), { axes: [0, 2, 3] });
});

/** A 3 × 3 convolution, a relu if `flags` asks for it, and a 2 × 2 pool. */
function pooled(x: Value, name: string, filters: number, flags: number): Value {
  const y = add(
    conv(x, kernels(`${name}.w`, filters, x.shape[1]!, 3, 3), { padding: 1 }),
    perChannel(`${name}.bias`, filters),
  );
  return maxPool((flags & 1) > 0 ? relu(y) : y, 2);
}

blocksTest(
  "pools of few filters, whose columns are filters of their own",
  ["blocked Conv", "blocked MaxPool", "Max"],
  (_, h, w, flags) => pooled(real("x", [9, 3, h, w]), "a", 6 + (flags >> 2), flags),
  true,
);

blocksTest(
  "a pool of padded blocks before a pool of whole blocks",
  ["blocked Conv", "blocked MaxPool", "blocked ReorderInput"],
  (block, h, w, flags) =>
    pooled(pooled(real("x", [9, 3, 2 * h, 2 * w]), "a", block, flags), "b", 15, 1),
  true,
);
