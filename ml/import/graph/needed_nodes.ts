import { FlwrError } from "../../../base/error.ts";
import { nodeName, type PlacedNode } from "./functions.ts";

function show({ proto }: PlacedNode): string {
  return `"${nodeName(proto)}" (${proto.opType})`;
}

/** The node that computes each value. */
function makersOf(
  nodes: readonly PlacedNode[],
  sources: ReadonlySet<string>,
): Map<string, PlacedNode> {
  const makers = new Map<string, PlacedNode>();
  for (const node of nodes) {
    for (const name of node.proto.output) {
      if (name === "") continue;
      if (makers.has(name) || sources.has(name)) {
        throw new FlwrError(
          "data-loss",
          `The ONNX graph defines the value "${name}" twice: once by node ${show(node)}`,
        );
      }
      makers.set(name, node);
    }
  }
  return makers;
}

/**
 * The nodes that values depend on, each after those it depends on itself. Files should be in such an order, but not all
 * are.
 *
 * @param sources names of values that no node has to compute
 * @throws FlwrError "data-loss" when a value is undefined, defined twice, or depends on itself
 */
export function neededNodes(
  nodes: readonly PlacedNode[],
  outputs: readonly string[],
  sources: ReadonlySet<string>,
): PlacedNode[] {
  const makers = makersOf(nodes, sources);
  const order: PlacedNode[] = [];
  const state = new Map<PlacedNode, "open" | "done">();
  const stack: { node: PlacedNode; next: number }[] = [];
  const visit = (name: string, user?: PlacedNode) => {
    if (name === "" || sources.has(name)) return;
    const node = makers.get(name);
    if (node === undefined) {
      const where = user === undefined ? "The output" : `Node ${show(user)}`;
      throw new FlwrError("data-loss", `${where} needs the value "${name}", which nothing defines`);
    }
    if (state.get(node) === "open") {
      throw new FlwrError("data-loss", `The ONNX graph has a cycle at node ${show(node)}`);
    }
    if (state.has(node)) return;
    state.set(node, "open");
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.node.proto.input[top.next++];
      if (name !== undefined) visit(name, top.node);
      else {
        state.set(top.node, "done");
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}
