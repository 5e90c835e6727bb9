import { noExternalData } from "../../ml/onnx/external_data.ts";
import type { GraphProto, NodeProto, TensorProto } from "../../ml/onnx/message/messages.ts";
import { readAttributes } from "../../ml/onnx/read_attribute.ts";
import { readTensor } from "../../ml/onnx/read_tensor.ts";

/** Largest number of elements of constants that are shown by their values. */
const FEW = 5;

function showConstant(proto: TensorProto): string {
  const { shape, data, dtype } = readTensor(proto, noExternalData);
  const numbers = Array.from<number | bigint>(data as Iterable<number | bigint>);
  if (dtype === "int64" && numbers.length <= FEW) return `[${numbers.join(", ")}]`;
  const isOne = numbers.every((number) => number === numbers[0]);
  const first = Number(Number(numbers[0]).toPrecision(4));
  if (shape.length === 0) return String(first);
  return isOne ? `${first}s[${shape.join(", ")}]` : `table[${shape.join(", ")}]`;
}

/** Constants as text, by name. */
export function constantsOf({ initializer }: GraphProto): Map<string, string> {
  return new Map(initializer.map((proto) => [proto.name, showConstant(proto)]));
}

/** A node as text: `%3 = Gemm(h, fc.weight, fc.bias) transB=1`. */
export function showNode(node: NodeProto, constants: ReadonlyMap<string, string>): string {
  const operands = node.input.map((name) => constants.get(name) ?? name).join(", ");
  const attributes = [...readAttributes(node, noExternalData)].flatMap(([name, attribute]) => {
    if (attribute.kind === "int" || attribute.kind === "float") {
      return [` ${name}=${Number(attribute.value.toPrecision(4))}`];
    }
    return attribute.kind === "ints" ? [` ${name}=[${attribute.value.join(", ")}]`] : [];
  });
  return `${node.output.join(", ")} = ${node.opType}(${operands})${attributes.join("")}`;
}
