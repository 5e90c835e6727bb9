import type { GraphProto } from "./message/messages.ts";
import { ATTRIBUTE_TYPE as Type } from "./message/numbers.ts";
import { ATTRIBUTE, NODE } from "./message/types.ts";

/**
 * Turns the constants of a graph into nodes. Only those with a name of their own stay initialisers, so that readers of
 * the file can distinguish parameters from the constants of operators. Changes the graph in place.
 *
 * @param isParameter whether the initialiser of a name stays one
 */
export function constantsAsNodes(
  graph: GraphProto,
  isParameter: (name: string) => boolean,
): GraphProto {
  const constants = graph.initializer.filter(({ name }) => !isParameter(name));
  graph.initializer = graph.initializer.filter(({ name }) => isParameter(name));
  const nodes = constants.map((tensor) =>
    NODE.create({
      opType: "Constant",
      output: [tensor.name],
      attribute: [ATTRIBUTE.create({ name: "value", type: Type.TENSOR, t: tensor })],
    })
  );
  graph.node = [...nodes, ...graph.node];
  return graph;
}
