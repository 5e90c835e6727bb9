import { seededRandom } from "../../../base/random.ts";
import { input, type Node, type Value } from "../../../ml/graph/value.ts";
import { applyPasses, type Optimizations, PLAIN } from "../../../ml/lower/passes.ts";
import { lowerGraph } from "../../../ml/lower/program.ts";
import type { Layer } from "../../../ml/nn/layer.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { attributeProto, type Attributes } from "../../../ml/onnx/attribute.ts";
import { elementType } from "../../../ml/onnx/element_type.ts";
import type { TensorProto, ValueInfoProto } from "../../../ml/onnx/message/messages.ts";
import {
  DIMENSION,
  GRAPH,
  MODEL,
  NODE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from "../../../ml/onnx/message/types.ts";
import type { Engine } from "../../../ml/engine/engine.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { type Tensor, tensor, tensorBytes } from "../../../tensor/tensor.ts";
import { topologicalOrder } from "../../../ml/graph/traverse.ts";

/** The bytes of a recorded file. */
export function recorded(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`../../vectors/ml/import/${name}`, import.meta.url));
}

/** The recorded files of other programs, with the shape of one example. */
export const EXAMPLE_SHAPES = {
  "cnn_torchscript.onnx": [3, 12, 12],
  "cnn_dynamo.onnx": [3, 12, 12],
  "mlp_torchscript.onnx": [12],
  "mlp_dynamo.onnx": [12],
  "encoder_torchscript.onnx": [6],
  "encoder_dynamo.onnx": [6],
  "keras_torch.onnx": [10, 10, 2],
  "keras_tf2onnx.onnx": [10, 10, 2],
  "sklearn_mlp.onnx": [12],
  "sklearn_mlp_binary.onnx": [12],
  "sklearn_logistic.onnx": [12],
  "sklearn_logistic_binary.onnx": [12],
} as const;

/** A node to be written into a file. */
export interface NodeSpec {
  readonly op: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Attributes;
}

/** A file to be written: its input is "x", its output "y". */
export interface FileSpec {
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: Readonly<Record<string, Tensor>>;
  /** Shape of x; null lengths are left open (default: everything is). */
  readonly input?: readonly (number | null)[];
  readonly inputType?: DType;
  readonly outputType?: DType;
  readonly opset?: number;
}

function port(name: string, dtype: DType, shape?: readonly (number | null)[]): ValueInfoProto {
  const dim = shape?.map((length, axis) =>
    DIMENSION.create(length === null ? { dimParam: `d${axis}` } : { dimValue: BigInt(length) })
  );
  const tensorType = TENSOR_TYPE.create({ elemType: elementType(dtype), shape: dim && { dim } });
  return VALUE_INFO.create({ name, type: TYPE.create({ tensorType }) });
}

/** A tensor in a file's form. */
export function tensorProto(name: string, value: Tensor): TensorProto {
  return TENSOR.create({
    name,
    dims: value.shape.map(BigInt),
    dataType: elementType(value.dtype),
    rawData: tensorBytes(value),
  });
}

/** The bytes of an ONNX file. */
export function onnxFile(spec: FileSpec): Uint8Array<ArrayBuffer> {
  const { nodes, initializers = {}, opset = 17, inputType = "float32" } = spec;
  return MODEL.encode(
    MODEL.create({
      irVersion: 8n,
      opsetImport: [{ domain: "", version: BigInt(opset) }, { domain: "ai.onnx.ml", version: 1n }],
      graph: GRAPH.create({
        name: "g",
        node: nodes.map(({ op, domain, name, inputs, outputs, attributes = {} }) =>
          NODE.create({
            opType: op,
            domain,
            name,
            input: [...inputs],
            output: [...outputs],
            attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
          })
        ),
        initializer: Object.entries(initializers).map(([name, value]) => tensorProto(name, value)),
        input: [port("x", inputType, spec.input)],
        output: [port("y", spec.outputType ?? "float32")],
      }),
    }),
  );
}

/** A file of one node. Attributes named as the operator has them; all inputs but x are in the file. */
export function oneNode(
  op: string,
  attributes: Attributes,
  others: Readonly<Record<string, Tensor>> = {},
  more: Partial<FileSpec> & { readonly domain?: string } = {},
): Uint8Array<ArrayBuffer> {
  const inputs = ["x", ...Object.keys(others)];
  return onnxFile({
    nodes: [{ op, name: "it", domain: more.domain, inputs, outputs: ["y"], attributes }],
    initializers: others,
    ...more,
  });
}

/** The same file with one value as its only output, which need not be an output of the file. */
export function withOutput(bytes: Uint8Array, name: string): Uint8Array {
  const model = MODEL.decode(bytes);
  model.graph!.output = [port(name, "float32")];
  return MODEL.encode(model);
}

/** What ONNX Runtime makes of a file. */
export async function runFile(
  engine: Engine,
  bytes: Uint8Array,
  given: Readonly<Record<string, Tensor>>,
  output = "y",
): Promise<Tensor> {
  await engine.load("file", bytes);
  const { returned: [result] } = await engine.run({
    model: "file",
    stored: [],
    given: Object.entries(given),
    kept: [],
    returned: [output],
  });
  return result!;
}

/** How a network is run. */
export interface RunOptions {
  readonly optimizations?: Optimizations;
  /** Whether as in training: batch normalisation by the batch, and dropout. */
  readonly training?: boolean;
}

/** What ONNX Runtime makes of a network of ours, with its first parameters. */
export async function runNetwork(
  engine: Engine,
  network: Layer,
  x: Tensor,
  { optimizations = PLAIN, training = false }: RunOptions = {},
): Promise<Tensor> {
  const source = input("x", x.dtype, x.shape) as Node<"input">;
  const key = input("key", "uint32", []) as Node<"input">;
  const { output, variables } = trace(network, source, training ? key : undefined);
  const outputs: Value[] = applyPasses([output], optimizations);
  const random = seededRandom(0);
  const sources = [
    { value: source, tensor: x },
    { value: key, tensor: tensor("uint32", [], Uint32Array.of(7)) as Tensor },
    ...variables.map(({ value, initializer }) => ({
      value,
      tensor: initializer(random, value.shape),
    })),
  ];
  const used = new Set(topologicalOrder(outputs));
  const given = sources.filter(({ value }) => used.has(value));
  const file = lowerGraph(
    given.map(({ value }) => value),
    [{ name: "y'", value: outputs[0]! }],
    optimizations.patterns,
  );
  const named = given.map(({ value, tensor }) => [value.attributes.name, tensor] as const);
  return await runFile(engine, file, Object.fromEntries(named), "y'");
}

/** Largest difference, relative to 1 + |expected|; infinite when the shapes differ. */
export function difference(got: Tensor, expected: Tensor): number {
  if (got.shape.join() !== expected.shape.join()) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
    const error = Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / (1 + Math.abs(b));
    largest = Number.isNaN(error) ? Infinity : Math.max(largest, error);
  }
  return largest;
}

/** float32 numbers of a shape from a seed, from [low, high). */
export function numbers(
  shape: readonly number[],
  seed: number,
  low = -2,
  high = 2,
): Tensor<"float32"> {
  const random = seededRandom(seed);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, () => low + (high - low) * random.uniform());
  return tensor("float32", shape, data);
}

/** A tensor of int64. */
export function integers(...values: readonly number[]): Tensor<"int64"> {
  return tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
}
