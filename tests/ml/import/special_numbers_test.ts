/** Operators on numbers where identities stop: zeros of both signs, infinities, NaN, huge, tiny and negative ones. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../../base/random.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { OPTIMIZED, PLAIN } from "../../../ml/lower/passes.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { numbers, onnxFile, runFile, runNetwork, withOutput } from "./onnx_file.ts";
import { caseOf, type OperatorCase } from "./operator_case.ts";
import { OPERATOR_CASES } from "./operator_cases.ts";

const RUNS = 20;
const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3,
  -7,
  60,
  -60,
  200,
  -200,
  1e-30,
  -1e-30,
  1e30,
  -1e30,
  3e38,
  -3e38,
  Infinity,
  -Infinity,
  NaN,
];
/** A number in so many is one of these; of more, most results would be NaN. */
const RARE = 4;

const isNumber = (x: number) => !Number.isNaN(x);
const isModest = (x: number) => Math.abs(x) < 1e29;
/** Also infinities and NaN, of which no order makes anything else. */
const isNotHuge = (x: number) => isModest(x) || !Number.isFinite(x);

/** Numbers for which an operator's own results depend on the order in which ONNX Runtime goes, or on its machine. */
const MEANINGFUL: Readonly<Record<string, (x: number) => boolean>> = {
  // NaN has no place in an order: which position is told, or whether it is passed over, differs from kernel to kernel.
  ArgMax: isNumber,
  ArgMin: isNumber,
  Hardmax: isNumber,
  TopK: isNumber,
  MaxPool: isNumber,
  GlobalMaxPool: isNumber,
  ReduceLogSumExp: isNumber,
  // Kernels for blocks of channels multiply by the zeros that they fill blocks up with, and add in an order of their own.
  Conv: isModest,
  ConvTranspose: isModest,
  // Two huge products of different signs, and an infinity: some orders make NaN of them.
  MatMul: isNotHuge,
  Gemm: isNotHuge,
  Einsum: isNotHuge,
  "ai.onnx.ml.LinearRegressor": isNotHuge,
  // A product passes float32's largest number, or its smallest, in some orders and not in others.
  ReduceProd: isModest,
  // Sums that lose everything but their largest terms.
  AveragePool: isModest,
  GlobalAveragePool: isModest,
  ReduceSum: isModest,
  ReduceMean: isModest,
  ReduceLogSum: isModest,
  // Whether neighbours of the weight 0 count, infinity times 0 being NaN, differs from kernel to kernel.
  Resize: isModest,
  Upsample: isModest,
  // Squares and quotients of these are beyond float32, in ONNX Runtime's kernels in the first place.
  Softsign: isModest,
  GroupNormalization: isModest,
  InstanceNormalization: isModest,
  LayerNormalization: isModest,
  RMSNormalization: isModest,
  "ai.onnx.ml.Normalizer": isModest,
  // Probabilities that all fade to 0 in float32 are 0 together there; here they keep their ratios, as in float64.
  "ai.onnx.ml.LinearClassifier": (x) => Math.abs(x) < 10,
};

/** The same numbers with some in the place of others. */
function withSpecial({ dtype, shape, data }: Tensor, seed: number, op: string): Tensor {
  if (dtype !== "float32") return { dtype, shape, data } as Tensor;
  const random = seededRandom(seed);
  const choice = SPECIAL.filter(MEANINGFUL[op] ?? (() => true));
  const pick = () => choice[Math.floor(random.uniform() * choice.length)]!;
  return tensor(
    "float32",
    shape,
    Float32Array.from(
      data as Float32Array,
      (x) => random.uniform() * RARE < 1 ? pick() : x,
    ),
  );
}

/** Largest finite float32; sums near it become infinite in one order and not in another. */
const EDGE = 1e37;

function isSame(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (Math.abs(a) > EDGE && Math.abs(b) > EDGE && a * b > 0) return true;
  return Math.abs(a - b) <= 1e-4 * (1 + Math.abs(b));
}

function differenceAt(got: Tensor, expected: Tensor): number {
  if (got.shape.join() !== expected.shape.join()) return 0;
  return expected.data.findIndex((value, i) => !isSame(Number(got.data[i]), Number(value)));
}

const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 });
const one = (value: number): Tensor => tensor("float32", [], Float32Array.of(value)) as Tensor;

/** An operator with an attribute or a constant that is special itself. */
const withNumber = (
  values: readonly number[],
  make: (x: Tensor, value: number) => OperatorCase,
): fc.Arbitrary<OperatorCase> =>
  fc.tuple(shapes, fc.nat(), fc.constantFrom(...values)).map(([shape, seed, value]) =>
    make(numbers(shape, seed), value)
  );
const FACTORS = [0, -0, 0.3, 1, 2, -0.5, 1e30, Infinity, -Infinity, NaN];
const EXPONENTS = [0, 1, 2, 3, 4, 5, 0.5, 1 / 3, -1, -2, -3, -0.5, 1.5, 60, ...FACTORS];

const SPECIAL_CASES: Readonly<Record<string, fc.Arbitrary<OperatorCase>>> = {
  "LeakyRelu with any slope": withNumber(
    [0, -0.5, 1, 1.5, 0.01],
    (x, alpha) => caseOf(x, "LeakyRelu", { alpha: { float: alpha } }),
  ),
  // At 0 the slope counts, as in PyTorch's gradient: an infinite one makes NaN of it.
  "PRelu with any slope": withNumber(
    FACTORS.filter(Number.isFinite),
    (x, slope) => caseOf(x, "PRelu", {}, { slope: one(slope) }),
  ),
  "Elu with any alpha": withNumber(
    [0, 1, 2, -1],
    (x, alpha) => caseOf(x, "Elu", { alpha: { float: alpha } }),
  ),
  "Selu with any alpha": withNumber(
    [0, 1, 2],
    (x, alpha) => caseOf(x, "Selu", { alpha: { float: alpha } }),
  ),
  "Celu with any alpha": withNumber(
    [0.1, 1, 5],
    (x, alpha) => caseOf(x, "Celu", { alpha: { float: alpha } }, {}, { opset: 12 }),
  ),
  "HardSigmoid with any slope": withNumber(
    [0, 1, -1],
    (x, alpha) => caseOf(x, "HardSigmoid", { alpha: { float: alpha } }),
  ),
  "Pow with any exponent": withNumber(EXPONENTS, (x, p) => caseOf(x, "Pow", {}, { p: one(p) })),
  "Pow of any base": withNumber([...FACTORS, -2, -1, 3], (x, base) => ({
    x,
    output: "y",
    file: onnxFile({
      nodes: [{ op: "Pow", inputs: ["b", "x"], outputs: ["y"] }],
      initializers: { b: one(base) },
    }),
  })),
  "Clip with any limits": withNumber(
    [0, 1, -Infinity, Infinity],
    (x, low) => caseOf(x, "Clip", {}, { low: one(low), high: one(1) }),
  ),
  "Mod by any number": withNumber(
    [1, -2.5, 3, 0, Infinity, NaN],
    (x, b) => caseOf(x, "Mod", { fmod: { int: 1 } }, { b: one(b) }),
  ),
  "Max with any number": withNumber(FACTORS, (x, b) => caseOf(x, "Max", {}, { b: one(b) })),
  "Min with any number": withNumber(FACTORS, (x, b) => caseOf(x, "Min", {}, { b: one(b) })),
};

for (const [op, cases] of Object.entries({ ...OPERATOR_CASES, ...SPECIAL_CASES })) {
  Deno.test(`${op} is what ONNX Runtime says it is on special numbers`, async () => {
    await using engine = await LocalEngine.create(1);
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(), async ({ file, x: plain, output }, seed) => {
        const x = withSpecial(plain, seed, op);
        const expected = await runFile(engine, withOutput(file, output), { x }, output);
        const network = onnxNetwork(file, { output });
        for (const optimizations of [PLAIN, OPTIMIZED]) {
          const got = await runNetwork(engine, network, x, { optimizations });
          const at = differenceAt(got, expected);
          assert.ok(
            at < 0,
            `${optimizations === PLAIN ? "plain" : "optimised"}, at ${at}: ` +
              `${got.data[at]}, expected ${expected.data[at]} of x [${x.shape}] ${x.data} in ` +
              MODEL.decode(file).graph!.node.map(({ opType }) => opType),
          );
        }
      }),
      { numRuns: RUNS },
    );
  });
}
