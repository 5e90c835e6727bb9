import type { GraphProto } from "./message/messages.ts";
import { ATTRIBUTE_TYPE as Type } from "./message/numbers.ts";
import { ATTRIBUTE, NODE } from "./message/types.ts";

/**
 * A graph whose constants are nodes and whose initialisers are those that have a name of their own: whoever reads the
 * file can tell parameters from the numbers that operators need. The graph is changed.
 *
 * @param isParameter whether an initialiser of a name stays one
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
