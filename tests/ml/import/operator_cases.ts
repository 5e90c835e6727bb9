import fc from "fast-check";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import type { Attributes } from "../../../ml/onnx/attribute.ts";
import { integers, numbers, onnxFile } from "./onnx_file.ts";
import { caseOf, type OperatorCase } from "./operator_case.ts";
import { POSITION_CASES } from "./position_cases.ts";
import { RESIZE_CASES } from "./resize_cases.ts";
import { CLASSIC_CASES, SHAPE_CASES } from "./shape_cases.ts";

type Cases = fc.Arbitrary<OperatorCase>;
type Others = Readonly<Record<string, Tensor>>;

const side = fc.integer({ min: 1, max: 4 });
const shapes = (minLength = 1, maxLength = 4) => fc.array(side, { minLength, maxLength });

const unary = (op: string, attributes: Attributes = {}, low = -2, high = 2, opset = 17): Cases =>
  fc.tuple(shapes(), fc.nat()).map(([shape, seed]) =>
    caseOf(numbers(shape, seed, low, high), op, attributes, {}, { opset })
  );

/** x with an operand from the file that stretches to it, or the other way round. */
const binary = (op: string, low = -2, high = 2, output?: "bool"): Cases =>
  fc.tuple(shapes(), fc.nat(), fc.nat(3), fc.boolean()).map(([shape, seed, cut, swap]) => {
    const x = numbers(shape, seed, low, high);
    const other = numbers(shape.slice(Math.min(cut, shape.length)), seed + 1, low, high);
    const inputs = swap ? ["b", "x"] : ["x", "b"];
    const nodes = output === undefined ? [{ op, inputs, outputs: ["y"] }] : [
      { op, inputs, outputs: ["hit"] },
      { op: "Cast", inputs: ["hit"], outputs: ["y"], attributes: { to: { int: 1 } } },
    ];
    return { file: onnxFile({ nodes, initializers: { b: other } }), x, output: "y" };
  });

const variadic = (op: string): Cases =>
  fc.tuple(shapes(), fc.nat(), fc.integer({ min: 0, max: 3 })).map(([shape, seed, count]) => {
    const others = Array.from({ length: count }, (_, i) => [`b${i}`, numbers(shape, seed + i + 1)]);
    return caseOf(numbers(shape, seed), op, {}, Object.fromEntries(others));
  });

const axisOf = (shape: readonly number[]) =>
  fc.integer({ min: -shape.length, max: shape.length - 1 });

const reduction = (op: string, opset: number, low = -2): Cases =>
  shapes().chain((shape) =>
    fc.tuple(fc.nat(), fc.option(fc.subarray(shape.map((_, i) => i), { minLength: 1 })), fc.nat(1))
      .map(([seed, axes, keepdims]) => {
        const inInput = axes !== null && opset >= 18;
        return caseOf(
          numbers(shape, seed, low),
          op,
          {
            keepdims: { int: keepdims },
            ...(axes !== null && !inInput && { axes: { ints: axes } }),
          },
          inInput ? { axes: integers(...axes) } : {},
          { opset },
        );
      })
  );

const overAxis = (op: string): Cases =>
  fc.constantFrom(11, 13, 21).chain((opset) =>
    shapes(2).chain((shape) =>
      fc.tuple(axisOf(shape), fc.nat()).map(([axis, seed]) =>
        caseOf(numbers(shape, seed), op, { axis: { int: axis } }, {}, { opset })
      )
    )
  );

const upTo = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const paddings = fc.oneof(
  fc.record({ pads: fc.record({ ints: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)) }) }),
  fc.record({
    auto_pad: fc.record({ string: fc.constantFrom("VALID", "SAME_UPPER", "SAME_LOWER") }),
  }),
);

const walks = fc.record({
  batch: side,
  perGroup: fc.integer({ min: 1, max: 3 }),
  filters: fc.integer({ min: 1, max: 3 }),
  groups: fc.integer({ min: 1, max: 3 }),
  size: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 })),
  kernel: upTo(3),
  strides: upTo(3),
  dilations: upTo(2),
  padding: paddings,
  bias: fc.boolean(),
  seed: fc.nat(),
  flat: fc.boolean(),
});

/** Attributes of the second spatial axis alone. */
function flattened(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      if (!("ints" in value)) return [name, value];
      return [name, { ints: value.ints.filter((_, i) => i % 2 === 1) }];
    }),
  );
}

const convolution: Cases = walks.map((walk) => {
  const { batch, perGroup, filters, groups, flat, seed } = walk;
  const image = flat ? walk.size.slice(1) : walk.size;
  const kernel = flat ? walk.kernel.slice(1) : walk.kernel;
  const attributes: Attributes = {
    strides: { ints: walk.strides },
    // ONNX Runtime does not have both.
    dilations: { ints: "auto_pad" in walk.padding ? [1, 1] : walk.dilations },
    ...walk.padding,
  };
  const others: Others = {
    w: numbers([filters * groups, perGroup, ...kernel], seed + 1),
    ...(walk.bias && { b: numbers([filters * groups], seed + 2) }),
  };
  return caseOf(
    numbers([batch, perGroup * groups, ...image], seed),
    "Conv",
    { ...(flat ? flattened(attributes) : attributes), group: { int: groups } },
    others,
  );
});

const transposedConvolution: Cases = walks.map((walk) => {
  const { batch, perGroup, filters, groups, seed } = walk;
  return caseOf(
    numbers([batch, perGroup * groups, ...walk.size], seed),
    "ConvTranspose",
    {
      strides: { ints: walk.strides },
      dilations: { ints: walk.dilations },
      pads: { ints: [1, 0, 1, 0] },
      output_padding: { ints: walk.strides.map((n) => n - 1) },
      group: { int: groups },
    },
    {
      w: numbers([perGroup * groups, filters, ...walk.kernel], seed + 1),
      ...(walk.bias && { b: numbers([filters * groups], seed + 2) }),
    },
  );
});

/** With other margins before than after. */
const asymmetricTransposed: Cases = walks.map(({ batch, perGroup, filters, seed, size, kernel }) =>
  caseOf(
    numbers([batch, perGroup, ...size], seed),
    "ConvTranspose",
    { pads: { ints: [1, 0, seed % 2, 1] } },
    { w: numbers([perGroup, filters, ...kernel], seed + 1), b: numbers([filters], seed + 2) },
  )
);

/** Where the result is told, or follows from the input's size. */
const cutTransposed: Cases = fc.tuple(
  walks,
  fc.constantFrom("", "SAME_UPPER", "SAME_LOWER", "VALID"),
)
  .map(([walk, mode]) => {
    const { perGroup, filters, seed, size, kernel } = walk;
    // With strides beyond the kernel SAME means a result that no window reaches: ONNX Runtime has a shorter one.
    const strides = walk.strides.map((n, axis) => Math.min(n, kernel[axis]!));
    const reach = size.map((n, i) => (n - 1) * strides[i]! + kernel[i]!);
    const told = reach.map((n, i) => Math.max(1, n - (seed >> i) % 3));
    return caseOf(
      numbers([1, perGroup, ...size], seed),
      "ConvTranspose",
      {
        strides: { ints: strides },
        ...(mode === "" ? { output_shape: { ints: told } } : { auto_pad: { string: mode } }),
      },
      { w: numbers([perGroup, filters, ...kernel], seed + 1) },
    );
  });

const pool = (op: string): Cases =>
  fc.tuple(walks, fc.nat(1), fc.nat(1)).map(([walk, ceil, include]) => {
    // Where strides jump over elements, ONNX Runtime takes SAME for a negative padding; TensorFlow, whence it is, does not.
    const same = "auto_pad" in walk.padding && walk.padding.auto_pad.string !== "VALID";
    const strides = walk.strides.map((n, axis) => same ? Math.min(n, walk.kernel[axis]!) : n);
    const attributes: Attributes = {
      kernel_shape: { ints: walk.kernel },
      strides: { ints: strides },
      ...walk.padding,
      ...("pads" in walk.padding && op === "MaxPool" && { dilations: { ints: walk.dilations } }),
      ...("pads" in walk.padding && {
        pads: { ints: walk.padding.pads.ints.map((n, i) => Math.min(n, walk.kernel[i % 2]! - 1)) },
      }),
    };
    const shape = [walk.batch, walk.perGroup, ...(walk.flat ? walk.size.slice(1) : walk.size)];
    return caseOf(
      numbers(shape, walk.seed),
      op,
      {
        ...(walk.flat ? flattened(attributes) : attributes),
        ceil_mode: { int: ceil },
        ...(op === "AveragePool" && { count_include_pad: { int: include } }),
      },
      {},
      { opset: 19 },
    );
  });

const wholeImage = (op: string): Cases =>
  fc.tuple(shapes(3), fc.nat()).map(([shape, seed]) => caseOf(numbers(shape, seed), op));

const images = fc.tuple(side, fc.constantFrom(1, 2, 4, 6), shapes(1, 2), fc.nat());

/** Parameters of a normalisation, one number per channel or group. */
function affine(channels: number, seed: number): Others {
  return { scale: numbers([channels], seed + 1), shift: numbers([channels], seed + 2) };
}

const batchNormalization: Cases = images.map(([batch, channels, rest, seed]) =>
  caseOf(
    numbers([batch, channels, ...rest], seed),
    "BatchNormalization",
    { epsilon: { float: 0.01 } },
    {
      ...affine(channels, seed),
      mean: numbers([channels], seed + 3),
      variance: numbers([channels], seed + 4, 0.1, 2),
    },
  )
);

const layerNormalization: Cases = shapes(2).chain((shape) =>
  fc.tuple(axisOf(shape), fc.nat(), fc.boolean()).map(([axis, seed, hasBias]) => {
    const over = shape.slice(axis < 0 ? axis + shape.length : axis);
    const others: Others = {
      scale: numbers(over, seed + 1),
      ...(hasBias && { shift: numbers(over, seed + 2) }),
    };
    // Equal numbers are far below a small epsilon, where rounding decides.
    return caseOf(numbers(shape, seed), "LayerNormalization", {
      axis: { int: axis },
      epsilon: { float: 0.1 },
    }, others);
  })
);

const groupNormalization: Cases = fc.tuple(images, fc.constantFrom(1, 2)).map(
  ([[batch, channels, rest, seed], groups]) =>
    caseOf(
      numbers([batch, channels * groups, ...rest], seed),
      "GroupNormalization",
      { epsilon: { float: 0.1 }, num_groups: { int: groups } },
      affine(channels * groups, seed),
      { opset: 21 },
    ),
);

const gemm: Cases = fc.tuple(side, side, side, fc.nat(), fc.nat(1), fc.nat(1), fc.nat(3)).map(
  ([m, k, n, seed, transA, transB, c]) =>
    caseOf(
      numbers(transA ? [k, m] : [m, k], seed),
      "Gemm",
      {
        transA: { int: transA },
        transB: { int: transB },
        alpha: { float: seed % 2 ? 1 : 0.5 },
        beta: { float: seed % 3 ? 1 : -2 },
      },
      {
        w: numbers(transB ? [n, k] : [k, n], seed + 1),
        ...(c > 0 && { c: numbers([[], [n], [1, n], [m, n]][c]!, seed + 2) }),
      },
    ),
);

const matmul: Cases = fc.tuple(shapes(1, 4), fc.integer({ min: 1, max: 4 }), side, fc.nat()).map(
  ([left, rank, columns, seed]) => {
    const batches = left.slice(0, -2);
    const shared = batches.slice(Math.max(0, batches.length - Math.max(0, rank - 2)));
    const right = rank === 1 ? [left.at(-1)!] : [...shared, left.at(-1)!, columns];
    return caseOf(numbers(left, seed), "MatMul", {}, { w: numbers(right, seed + 1) });
  },
);

const clip: Cases = fc.tuple(shapes(), fc.nat(), fc.boolean()).map(([shape, seed, old]) => {
  const x = numbers(shape, seed);
  if (old) return caseOf(x, "Clip", { min: { float: -0.5 }, max: { float: 1 } }, {}, { opset: 10 });
  const limit = (value: number) => tensor("float32", [], Float32Array.of(value));
  return caseOf(x, "Clip", {}, { low: limit(-0.5), ...(seed % 2 && { high: limit(1) }) });
});

const power: Cases = fc.tuple(shapes(), fc.nat(), fc.constantFrom(0.5, 1, 2, 3, -1, -2, 2.5, 0))
  .map(
    ([shape, seed, exponent]) =>
      caseOf(
        numbers(shape, seed, Number.isInteger(exponent) && exponent !== 0 ? -2 : 0.1),
        "Pow",
        {},
        { p: tensor("float32", [], Float32Array.of(exponent)) },
      ),
  );

const where: Cases = fc.tuple(shapes(), fc.nat()).map(([shape, seed]) => ({
  file: onnxFile({
    nodes: [
      { op: "Greater", inputs: ["x", "t"], outputs: ["hit"] },
      { op: "Where", inputs: ["hit", "x", "b"], outputs: ["y"] },
    ],
    initializers: { t: numbers([1], seed), b: numbers(shape.slice(1), seed + 1) },
  }),
  x: numbers(shape, seed + 2),
  output: "y",
}));

const cast: Cases = fc.tuple(shapes(), fc.nat(), fc.constantFrom(6, 7, 9, 10, 11)).map(
  ([shape, seed, to]) => ({
    file: onnxFile({
      nodes: [
        { op: "Cast", inputs: ["x"], outputs: ["n"], attributes: { to: { int: to } } },
        { op: "Cast", inputs: ["n"], outputs: ["y"], attributes: { to: { int: 1 } } },
      ],
    }),
    // Whole numbers: half precision would round others.
    x: tensor("float32", shape, numbers(shape, seed).data.map(Math.round)),
    output: "y",
  }),
);

/** Cases for each operator. */
export const OPERATOR_CASES: Readonly<Record<string, Cases>> = {
  Relu: unary("Relu"),
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Erf: unary("Erf"),
  Softplus: unary("Softplus"),
  Softsign: unary("Softsign"),
  Mish: unary("Mish", {}, -2, 2, 18),
  HardSwish: unary("HardSwish", {}, -5, 5),
  Gelu: fc.oneof(
    unary("Gelu", {}, -3, 3, 20),
    unary("Gelu", { approximate: { string: "tanh" } }, -3, 3, 20),
  ),
  Clip: clip,
  PRelu: fc.tuple(shapes(2), fc.nat()).map(([shape, seed]) =>
    caseOf(numbers(shape, seed), "PRelu", {}, { slope: numbers(shape.slice(1), seed + 1) })
  ),
  LeakyRelu: unary("LeakyRelu", { alpha: { float: 0.3 } }),
  Elu: unary("Elu", { alpha: { float: 1.5 } }),
  Selu: unary("Selu"),
  Celu: unary("Celu", { alpha: { float: 0.7 } }),
  ThresholdedRelu: unary("ThresholdedRelu", { alpha: { float: 0.5 } }),
  Shrink: unary("Shrink", { lambd: { float: 0.7 }, bias: { float: 0.2 } }),
  Swish: unary("Swish", { alpha: { float: 0.5 } }, -2, 2, 24),
  Sin: unary("Sin", {}, -5, 5),
  Cos: unary("Cos", {}, -5, 5),
  Round: unary("Round", {}, -5, 5),
  Floor: unary("Floor", {}, -5, 5),
  Ceil: unary("Ceil", {}, -5, 5),
  HardSigmoid: fc.oneof(
    unary("HardSigmoid", {}, -5, 5),
    unary("HardSigmoid", { beta: { float: 0.1 } }),
  ),
  Softmax: overAxis("Softmax"),
  LogSoftmax: overAxis("LogSoftmax"),
  Hardmax: overAxis("Hardmax"),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Sign: unary("Sign"),
  Exp: unary("Exp"),
  Log: unary("Log", {}, 0.1, 3),
  Sqrt: unary("Sqrt", {}, 0.1, 3),
  Reciprocal: unary("Reciprocal", {}, 0.5, 2),
  Identity: unary("Identity"),
  Dropout: unary("Dropout", {}, -2, 2, 13),
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div", 0.5, 2),
  Less: binary("Less", -2, 2, "bool"),
  Greater: binary("Greater", -2, 2, "bool"),
  LessOrEqual: binary("LessOrEqual", -2, 2, "bool"),
  GreaterOrEqual: binary("GreaterOrEqual", -2, 2, "bool"),
  Equal: binary("Equal", -2, 2, "bool"),
  Max: variadic("Max"),
  Min: variadic("Min"),
  Sum: variadic("Sum"),
  Mean: variadic("Mean"),
  Pow: power,
  Where: where,
  Cast: cast,
  Gemm: gemm,
  MatMul: matmul,
  Conv: convolution,
  ConvTranspose: fc.oneof(transposedConvolution, cutTransposed, asymmetricTransposed),
  MaxPool: pool("MaxPool"),
  AveragePool: pool("AveragePool"),
  GlobalMaxPool: wholeImage("GlobalMaxPool"),
  GlobalAveragePool: wholeImage("GlobalAveragePool"),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: images.map(([batch, channels, rest, seed]) =>
    caseOf(
      numbers([batch, channels, ...rest], seed),
      "InstanceNormalization",
      { epsilon: { float: 0.1 } },
      affine(channels, seed),
    )
  ),
  GroupNormalization: groupNormalization,
  RMSNormalization: fc.tuple(shapes(), fc.nat()).map(([shape, seed]) =>
    caseOf(
      numbers(shape, seed),
      "RMSNormalization",
      { epsilon: { float: 0.1 } },
      { scale: numbers(shape.slice(-1), seed + 1) },
      { opset: 23 },
    )
  ),
  ReduceSum: reduction("ReduceSum", 11),
  ReduceMean: fc.oneof(reduction("ReduceMean", 17), reduction("ReduceMean", 18)),
  ReduceMax: reduction("ReduceMax", 18),
  ReduceMin: reduction("ReduceMin", 17),
  ReduceL1: reduction("ReduceL1", 18),
  ReduceL2: reduction("ReduceL2", 17),
  ReduceSumSquare: reduction("ReduceSumSquare", 18),
  ReduceLogSum: reduction("ReduceLogSum", 18, 0.1),
  ReduceLogSumExp: reduction("ReduceLogSumExp", 17),
  ...POSITION_CASES,
  ...RESIZE_CASES,
  ...SHAPE_CASES,
  ...CLASSIC_CASES,
};

/** Operators that only make sense beside others, which recorded files and other tests have. */
export const UNTESTED_ALONE = ["Constant", "CastLike"];
