/**
 * All optimisations together on numbers for which algebraic identities fail: infinities, NaN, huge, tiny and negative
 * ones.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../base/random.ts";
import { conv, maxPool } from "../graph/convolution.ts";
import { add, mul, relu, sub } from "../graph/elementwise.ts";
import { matmul } from "../graph/linear.ts";
import { concat, reshape, slice, transpose } from "../graph/movement.ts";
import { normalize } from "../graph/normalize.ts";
import { logSoftmax, reduceSum, softmax } from "../graph/reduce.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { evaluateOnnx } from "../testing/evaluate_onnx.ts";
import { type NdArray, ndArray } from "../testing/nd_array.ts";
import { OPTIMIZED, PLAIN } from "./passes.ts";

const RUNS = 25;
const FINITE = [0, -0, 1, -1, 60, -60, 1e-30, -1e-30, 1e4, -1e4];
const ALL = [...FINITE, Infinity, -Infinity, NaN];

const real = (name: string, shape: readonly number[]) =>
  input(name, "float32", shape) as Node<"input">;

interface Network {
  readonly inputs: readonly Node<"input">[];
  readonly output: Value;
  /** Special numbers of the first input. The other inputs are weights, which are finite. */
  readonly special: readonly number[];
}

/** Convolutions in phases multiply by the zeros of gaps, which turns infinities into NaN: finite numbers only. */
function pooled(batch: number): Network {
  const [x, w] = [real("x", [batch, 2, 7, 7]), real("w", [3, 2, 2, 2])];
  const [bias, v] = [real("bias", [3]), real("v", [27, 4])];
  const shifted = add(conv(x, w), reshape(bias, [1, 3, 1, 1]));
  const rows = reshape(maxPool(relu(shifted), 2), [batch, 27]);
  return { inputs: [x, w, bias, v], output: logSoftmax(matmul(rows, v)), special: FINITE };
}

function scaled(batch: number): Network {
  const [x, w, bias] = [real("x", [batch, 6]), real("w", [5, 6]), real("bias", [5])];
  const centred = mul(sub(x, 127.5), 1 / 64);
  const y = softmax(add(matmul(centred, transpose(w)), bias));
  return { inputs: [x, w, bias], output: y, special: ALL };
}

function normalized(batch: number): Network {
  const [x, scale, shift] = [
    real("x", [batch, 3, 4, 2]),
    real("s", [3, 1, 1]),
    real("t", [3, 1, 1]),
  ];
  const normal = normalize(x, { axes: [2, 3], epsilon: 0.1 });
  return { inputs: [x, scale, shift], output: add(mul(normal, scale), shift), special: FINITE };
}

function cut(batch: number): Network {
  const x = real("x", [batch, 6]);
  const part = (from: number, to: number) => slice(x, [0, from], [batch, to]);
  const sums = reduceSum(concat([part(0, 2), relu(part(2, 4)), mul(part(4, 6), 0.5)], 1), {
    axes: [1],
  });
  return { inputs: [x], output: sums, special: ALL };
}

const NETWORKS = { pooled, scaled, normalized, cut };

function numbersFor({ inputs, special }: Network, seed: number): Map<string, NdArray> {
  const random = seededRandom(seed);
  return new Map(inputs.map(({ attributes: { name }, shape }, i) => [
    name,
    ndArray(shape, () => {
      const isSpecial = i === 0 && random.uniform() < 0.25;
      return Math.fround(
        isSpecial
          ? special[Math.floor(random.uniform() * special.length)]!
          : 2 * random.uniform() - 1,
      );
    }),
  ]));
}

function isSame(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-2 + 1e-3 * Math.abs(b);
}

for (const [name, network] of Object.entries(NETWORKS)) {
  Deno.test(`optimisations change nothing on special numbers: ${name}`, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 3, 8, 32), fc.nat(), async (batch, seed) => {
        const made = network(batch);
        const numbers = numbersFor(made, seed);
        const [plain] = await evaluateOnnx(engine, [made.output], numbers, PLAIN);
        const [fast] = await evaluateOnnx(engine, [made.output], numbers, OPTIMIZED);
        const at = plain!.data.findIndex((value, i) => !isSame(fast!.data[i]!, value));
        assert.ok(at < 0, `at ${at}: ${fast!.data[at]}, expected ${plain!.data[at]}`);
      }),
      { numRuns: RUNS },
    );
  });
}
