import { countUses, topologicalOrder } from "../graph/traverse.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import { computing } from "./kernels.ts";
import { plainTile } from "./plain.ts";
import type { GraphFacts, Pattern, Tile } from "./tile.ts";

function factsOf(outputs: readonly Value[]): GraphFacts {
  const counts = countUses(outputs);
  const users = new Map<Value, Value[]>();
  for (const value of topologicalOrder(outputs)) {
    for (const input of new Set(value.inputs)) {
      const known = users.get(input);
      if (known === undefined) users.set(input, [value]);
      else known.push(value);
    }
  }
  return {
    uses: (value) => counts.get(value) ?? 0,
    users: (value) => users.get(value) ?? [],
  };
}

function select(
  value: Exclude<Value, Node<"input">>,
  facts: GraphFacts,
  patterns: readonly Pattern[],
): Tile {
  const how = computing(value);
  // Patterns emit operators for the value's own type, which must have kernels.
  if (how !== undefined && how.type !== how.own) return plainTile(value);
  for (const pattern of patterns) {
    const tile = pattern(value, facts);
    if (tile !== undefined) return tile;
  }
  return plainTile(value);
}

/**
 * Turns values into ONNX nodes. Covers the graph with tiles from the outputs down, so that values inside a larger tile
 * are not computed, and emits each tile once.
 *
 * @param patterns the optimising tiles to try, in order, before the plain one
 * @param builderOf the builder that a value's nodes go to: the graph's, or that of a loop's body
 * @returns the name of each value that was computed
 */
export function emit(
  outputs: readonly Value[],
  patterns: readonly Pattern[],
  builderOf: (value: Value) => GraphBuilder,
): ReadonlyMap<Value, string> {
  const facts = factsOf(outputs);
  const names = new Map<Value, string>();
  const tiles = new Map<Value, Tile>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const value = stack.at(-1)!;
    if (names.has(value)) {
      stack.pop();
      continue;
    }
    if (value.primitive === "input") {
      names.set(value, value.attributes.name);
      continue;
    }
    const tile = tiles.get(value) ?? select(value, facts, patterns);
    tiles.set(value, tile);
    const missing = tile.inputs.filter((input) => !names.has(input));
    if (missing.length > 0) stack.push(...missing);
    else names.set(value, tile.emit(builderOf(value), tile.inputs.map((x) => names.get(x)!)));
  }
  return names;
}
