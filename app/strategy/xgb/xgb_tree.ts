import { FlwrError } from "../../../base/error.ts";
import type { JsonText, Span } from "./json_text.ts";

/** A child that a leaf does not have. */
const NO_CHILD = -1;

/** Arrays of a tree that have one element per node. */
const NODE_ARRAYS = [
  "left_children",
  "right_children",
  "split_conditions",
  "split_indices",
] as const;

/**
 * Checks a tree in XGBoost's JSON: from its root, each node is reached once, its children and features exist, and its
 * numbers are finite in float32. Nodes that pruning has deleted are not reached, and not checked.
 *
 * @param options.features number of features of the model
 * @returns the Euclidean norm of the leaves' values
 * @throws FlwrError "invalid-argument" that names the tree
 */
export function checkTree(
  json: JsonText,
  tree: Span,
  { features, name }: { readonly features: number; readonly name: string },
): number {
  const refuse = (problem: string) =>
    new FlwrError("invalid-argument", `XGBoost model's ${name} ${problem}`);
  const members = json.members(tree);
  if (!members.has("id")) throw refuse('lacks "id"');
  const [left, right, conditions, indices] = NODE_ARRAYS.map((key) => {
    const span = members.get(key);
    if (span === undefined) throw refuse(`lacks "${key}"`);
    return json.elements(span).map((element) => Number(json.slice(element)));
  }) as [number[], number[], number[], number[]];
  const nodes = left.length;
  for (const [i, array] of [left, right, conditions, indices].entries()) {
    if (array.length !== nodes || nodes === 0) {
      throw refuse(`has ${array.length} ${NODE_ARRAYS[i]}, but ${nodes} left_children`);
    }
  }

  let squares = 0;
  const reached = new Uint8Array(nodes);
  const open = [0];
  while (open.length > 0) {
    const node = open.pop()!;
    if (reached[node] === 1) throw refuse(`reaches node ${node} twice`);
    reached[node] = 1;
    const condition = Math.fround(conditions[node]!);
    if (!Number.isFinite(condition)) throw refuse(`has the value ${conditions[node]}`);
    if (left[node] === NO_CHILD && right[node] === NO_CHILD) {
      squares += condition * condition;
      continue;
    }
    if (!(indices[node]! >= 0 && indices[node]! < features)) {
      throw refuse(`splits by feature ${indices[node]} of ${features}`);
    }
    for (const child of [left[node]!, right[node]!]) {
      if (!(Number.isInteger(child) && child > 0 && child < nodes)) {
        throw refuse(`has child ${child} of ${nodes} nodes`);
      }
      open.push(child);
    }
  }
  return Math.sqrt(squares);
}
