import { FlwrError } from "../../../base/error.ts";
import type { AttributeProto, FunctionProto, NodeProto } from "../../onnx/message/messages.ts";
import { domainOf, MAX_NODES } from "../../onnx/read_model.ts";

/** Deepest nesting of a file's functions; exporters stay below 5. */
const MAX_FUNCTION_DEPTH = 16;

/** A node with the versions of the operator sets that apply to it. */
export interface PlacedNode {
  readonly proto: NodeProto;
  readonly opsets: ReadonlyMap<string, number>;
}

/** A node's name for messages: its own, or that of its first output. */
export function nodeName({ name, output, opType }: NodeProto): string {
  return name !== "" ? name : output.find((given) => given !== "") ?? opType;
}

const keyOf = (domain: string, name: string, overload: string) =>
  JSON.stringify([domainOf(domain), name, overload]);

/**
 * A node of a function, rewritten for one call: values renamed, attributes that refer to the call's attributes filled
 * in.
 */
function place(
  inner: NodeProto,
  rename: (name: string) => string,
  attributes: ReadonlyMap<string, AttributeProto>,
): NodeProto {
  return {
    ...inner,
    input: inner.input.map(rename),
    output: inner.output.map(rename),
    attribute: inner.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === "") return [attribute];
      const given = attributes.get(attribute.refAttrName);
      return given === undefined ? [] : [{ ...given, name: attribute.name }];
    }),
  };
}

function expand(call: NodeProto, definition: FunctionProto, prefix: string): NodeProto[] {
  const outside = new Map<string, string>();
  definition.input.forEach((name, i) => outside.set(name, call.input[i] ?? ""));
  definition.output.forEach((name, i) => {
    const given = call.output[i];
    if (given !== undefined && given !== "") outside.set(name, given);
  });
  const rename = (name: string) => name === "" ? "" : outside.get(name) ?? `${prefix}/${name}`;
  const attributes = new Map([
    ...definition.attributeProto.map((proto) => [proto.name, proto] as const),
    ...call.attribute.map((proto) => [proto.name, proto] as const),
  ]);
  return definition.node.map((inner, i) => {
    const placed = place(inner, rename, attributes);
    placed.name = `${prefix}/${inner.name === "" ? i : inner.name}`;
    return placed;
  });
}

/**
 * Replaces calls of a file's own functions, which some versions of PyTorch's exporter write, by the functions' nodes.
 *
 * @throws FlwrError "resource-exhausted" when functions are nested too deeply or expand to too many nodes
 */
export function inlineFunctions(
  nodes: readonly NodeProto[],
  opsets: ReadonlyMap<string, number>,
  functions: readonly FunctionProto[],
): PlacedNode[] {
  const definitions = new Map(
    functions.map((definition) => [
      keyOf(definition.domain, definition.name, definition.overload),
      definition,
    ]),
  );
  const result: PlacedNode[] = [];
  const add = (proto: NodeProto, scope: ReadonlyMap<string, number>, depth: number) => {
    const definition = definitions.get(keyOf(proto.domain, proto.opType, proto.overload));
    if (definition === undefined) {
      result.push({ proto, opsets: scope });
      if (result.length <= MAX_NODES) return;
      throw new FlwrError(
        "resource-exhausted",
        `The functions of the ONNX file expand to more than ${MAX_NODES} nodes`,
      );
    }
    if (depth === MAX_FUNCTION_DEPTH) {
      throw new FlwrError(
        "resource-exhausted",
        `Functions of the ONNX file are nested more than ${depth} levels deep: "${definition.name}"`,
      );
    }
    const inner = new Map(
      definition.opsetImport.map(({ domain, version }) => [domainOf(domain), Number(version)]),
    );
    const prefix = proto.name !== "" ? proto.name : `${definition.name}_${result.length}`;
    for (const node of expand(proto, definition, prefix)) add(node, inner, depth + 1);
  };
  for (const node of nodes) add(node, opsets, 0);
  return result;
}
