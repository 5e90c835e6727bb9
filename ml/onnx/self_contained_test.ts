import assert from "node:assert/strict";
import { GraphBuilder } from "./graph_builder.ts";
import type { GraphProto, ModelProto } from "./message/messages.ts";
import { ATTRIBUTE_TYPE, LOCATION } from "./message/numbers.ts";
import { MODEL, TENSOR, TYPE } from "./message/types.ts";
import { modelBytes } from "./model.ts";
import { requireSelfContained } from "./self_contained.ts";

/** A model as we write them: a loop whose body adds a constant. */
function honest(): Uint8Array<ArrayBuffer> {
  const outer = new GraphBuilder();
  const body = outer.body(["x"]);
  const next = body.node("Add", ["x", outer.floats(1)]);
  const graph = body.build("body", [], [{ name: next, dtype: "float32", shape: [] }]);
  outer.named("Scan", ["x"], ["y"], { body: { graph }, num_scan_inputs: { int: 0 } });
  return modelBytes(outer.build("g", [], [{ name: "y", dtype: "float32", shape: [] }]));
}

function changed(change: (model: ModelProto, graph: GraphProto) => void): Uint8Array<ArrayBuffer> {
  const model = MODEL.decode(honest());
  change(model, model.graph!);
  return MODEL.encode(model);
}

const body = (graph: GraphProto) => graph.node[0]!.attribute.find(({ g }) => g)!.g!;
const elsewhere = [{ key: "location", value: "x" }];

Deno.test("a model that we write passes unchanged", () => {
  assert.deepEqual(requireSelfContained(honest()), honest());
});

Deno.test("bytes that are not part of the format are removed", () => {
  const field = Uint8Array.of(0xfa, 0x7f, 0x01, 0x41); // number 2047, "A"
  const bytes = new Uint8Array([...honest(), ...field]);
  assert.deepEqual(requireSelfContained(bytes), honest());
});

const REFUSED: Readonly<
  Record<string, [change: (m: ModelProto, g: GraphProto) => void, says: RegExp]>
> = {
  "data in another file": [
    (_, g) => Object.assign(g.initializer[0]!, { dataLocation: LOCATION.EXTERNAL }),
    /"#\d+" in another file/,
  ],
  "an external file for data that are present": [
    (_, g) => g.initializer[0]!.externalData.push(...elsewhere),
    /in another file/,
  ],
  "data in another file, in the body of the loop": [
    (_, g) =>
      body(g).initializer.push(
        TENSOR.create({ name: "w", dataType: 2, dims: [3n], externalData: elsewhere }),
      ),
    /"w" in another file/,
  ],
  "a tensor in an attribute": [
    (_, g) => {
      const attribute = g.node[0]!.attribute.find(({ g }) => g === undefined)!;
      attribute.t = TENSOR.create({ externalData: elsewhere });
    },
    /attribute of an unsupported kind/,
  ],
  "an attribute of tensors": [
    (_, g) => g.node[0]!.attribute[0]!.type = ATTRIBUTE_TYPE.TENSORS,
    /attribute of an unsupported kind/,
  ],
  "a tensor with more elements than bytes": [
    (_, g) => g.initializer[0]!.dims = [1n << 40n],
    /number of bytes does not match its type/,
  ],
  "a tensor whose lengths overflow to a size that fits": [
    (_, g) => g.initializer[0]!.dims = [-1n, -1n],
    /number of bytes does not match its type/,
  ],
  "an operator of another set": [
    (_, g) => g.node[0]!.domain = "com.microsoft",
    /operator "com.microsoft.Scan"/,
  ],
  "an operator that is not used": [(_, g) => g.node[0]!.opType = "Loop", /operator "Loop"/],
  "an operator that is not used, in the body of the loop": [
    (_, g) => body(g).node[0]!.opType = "NonZero",
    /operator "NonZero"/,
  ],
  "loops in loops": [
    (_, g) => body(g).node.push(MODEL.decode(honest()).graph!.node[0]!),
    /nests graphs/,
  ],
  "a value that is not a tensor": [
    (_, g) => g.input.push({ ...g.output[0]!, type: TYPE.create({ mapType: new Uint8Array() }) }),
    /a value that is not a tensor/,
  ],
  "metadata, which may configure ONNX Runtime": [
    (m) => m.metadataProps.push(...elsewhere),
    /more than a graph/,
  ],
  "another operator set in addition to ONNX's": [
    (m) => m.opsetImport.push({ ...m.opsetImport[0]!, domain: "x" }),
    /operator set 18 only/,
  ],
  "no graph": [(m) => m.graph = undefined, /no graph/],
};

for (const [name, [change, says]] of Object.entries(REFUSED)) {
  Deno.test(`refused: ${name}`, () => {
    assert.throws(() => requireSelfContained(changed(change)), {
      code: "permission-denied",
      message: says,
    });
  });
}

Deno.test("refused: a file in ONNX Runtime's own format", () => {
  const bytes = Uint8Array.of(0x20, 0, 0, 0, ...new TextEncoder().encode("ORTM"), 1, 2, 3, 4);
  assert.throws(() => requireSelfContained(bytes), { code: /data-loss|permission-denied/ });
});

/** Attributes that ONNX Runtime computes with before it checks them, or with sizes that overflow. */
const LENGTHS:
  readonly (readonly [name: string, value: { int: number } | { ints: readonly number[] }])[] = [
    ...[0, -1, -(2 ** 31), 2 ** 31, 2 ** 52].map((int) => ["group", { int }] as const),
    ...["kernel_shape", "strides", "dilations", "output_shape"].flatMap((name) =>
      [0, -1, 2 ** 31, 2 ** 52].map((bad) => [name, { ints: [1, bad] }] as const)
    ),
    ["pads", { ints: [0, 0, 2 ** 31, 0] }],
    ["pads", { ints: [0, 0, -(2 ** 52), 0] }],
    ["output_padding", { ints: [0, -1] }],
  ];

const transposed = (
  attributes: Readonly<Record<string, { int: number } | { ints: readonly number[] }>>,
) => {
  const builder = new GraphBuilder();
  builder.named("ConvTranspose", ["x", "w"], ["y"], attributes);
  return modelBytes(builder.build("g", [], [{ name: "y", dtype: "float32", shape: [] }]));
};

Deno.test("invalid lengths are refused before ONNX Runtime divides by them", () => {
  for (const [name, value] of LENGTHS) {
    assert.throws(() => requireSelfContained(transposed({ [name]: value })), {
      code: "permission-denied",
      message: new RegExp(`"${name}" with an invalid length`),
    });
  }
  const sound = { group: { int: 2 }, strides: { ints: [2, 2] }, pads: { ints: [0, -1, 0, 1] } };
  assert.deepEqual(requireSelfContained(transposed(sound)), transposed(sound));
});
