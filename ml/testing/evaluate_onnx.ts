import { input, type Node, type Value } from "../graph/value.ts";
import { lowerGraph } from "../lower/program.ts";
import type { Optimizations } from "../lower/passes.ts";
import { applyPasses } from "../lower/passes.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import type { LocalEngine } from "../session/local_engine.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { NdArray } from "./nd_array.ts";

/** An input's numbers in the input's own dtype. */
export function toTensor({ dtype, shape }: Value, { data }: NdArray): Tensor {
  if (dtype === "int64") return tensor(dtype, shape, BigInt64Array.from(data, BigInt)) as Tensor;
  if (dtype === "uint32") return tensor(dtype, shape, Uint32Array.from(data)) as Tensor;
  if (dtype === "uint8") return tensor(dtype, shape, Uint8Array.from(data)) as Tensor;
  return tensor("float32", shape, Float32Array.from(data)) as Tensor;
}

/** Computes values in ONNX Runtime from given inputs. */
export async function evaluateOnnx(
  engine: LocalEngine,
  outputs: readonly Value[],
  inputs: ReadonlyMap<string, NdArray>,
  optimizations: Optimizations,
): Promise<NdArray[]> {
  const optimized = applyPasses(outputs, optimizations);
  const used = topologicalOrder(optimized).filter((value) => value.primitive === "input");
  // ONNX Runtime drops unused inputs, and needs at least one.
  const sources = used.length > 0 ? used : [input("unused", "float32", []) as Node<"input">];
  const named = optimized.map((value, i) => ({ name: `output${i}`, value }));
  await engine.load("case", lowerGraph(sources, named, optimizations.patterns));
  const { returned: results } = await engine.run({
    model: "case",
    stored: [],
    given: sources.map((value) => {
      const { name } = value.attributes;
      return [name, toTensor(value, inputs.get(name) ?? { shape: [], data: Float64Array.of(0) })];
    }),
    kept: [],
    returned: named.map(({ name }) => name),
  });
  return results.map(({ shape, data }) => ({
    shape,
    data: Float64Array.from(data as Float32Array, Number),
  }));
}
