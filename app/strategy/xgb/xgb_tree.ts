import { FlwrError } from "../../../base/error.ts";
import type { JsonText, Span } from "./json_text.ts";
import { count } from "./xgb_parameter.ts";

/** A child that a leaf does not have. */
const NO_CHILD = -1;
/** Minimum number of characters of a node: a digit and a comma in each of the nine arrays that XGBoost requires. */
const LEAST_NODE = 18;
/**
 * Upper limit of XGBoost's categories: float32 has all integers up to here. XGBoost keeps one bit for each smaller
 * number.
 */
const CATEGORIES = 2 ** 24;

/**
 * Checks a tree in XGBoost's JSON: it has all fields that XGBoost reads, of its types and lengths; from its root, each
 * node is reached once, its children and features exist, and its numbers are finite in float32. The links of nodes that
 * pruning has deleted, and that are not reached, are not checked.
 *
 * @param options.features number of features of the model
 * @param options.id the tree's place in its model
 * @returns the Euclidean norm of the leaves' values
 * @throws FlwrError "invalid-argument" that names the tree
 */
export function checkTree(
  json: JsonText,
  tree: Span,
  { features, id }: { readonly features: number; readonly id: number },
): number {
  const refuse = (problem: string) =>
    new FlwrError("invalid-argument", `XGBoost model's tree ${id} ${problem}`);
  const members = json.members(tree);
  const field = (key: string, of = members) => {
    const span = of.get(key);
    if (span === undefined) throw refuse(`lacks "${key}"`);
    return span;
  };
  if (json.slice(field("id")) !== String(id)) throw refuse("has another id than its place");
  const parameters = json.members(field("tree_param"));
  const parameter = (key: string) => count(json, field(key, parameters));
  const nodes = parameter("num_nodes");
  if (nodes === 0 || nodes > (tree.to - tree.from) / LEAST_NODE) {
    throw refuse(`has num_nodes ${nodes}, which its text does not hold`);
  }
  const ofFeatures = parameter("num_feature");
  if (ofFeatures > features) throw refuse(`has num_feature ${ofFeatures} of ${features}`);
  if (parameter("size_leaf_vector") > 1) throw refuse("has several values per leaf");
  const perNode = (key: string, spelling: "integer" | "real") => {
    const array = json.numbers(field(key), spelling, { most: nodes, name: key });
    if (array.length === nodes) return array;
    throw refuse(`has ${array.length} ${key}, but num_nodes ${nodes}`);
  };
  const left = perNode("left_children", "integer");
  const right = perNode("right_children", "integer");
  const parents = perNode("parents", "integer");
  const indices = perNode("split_indices", "integer");
  const conditions = perNode("split_conditions", "real");
  for (const key of ["base_weights", "loss_changes", "sum_hessian"]) {
    const odd = perNode(key, "real").find((value) => !Number.isFinite(Math.fround(value)));
    if (odd !== undefined) throw refuse(`has the value ${odd} in ${key}`);
  }
  // Old versions of XGBoost write booleans.
  const defaults = json.elements(field("default_left"), { most: nodes, name: "default_left" }).map((
    span,
  ) => json.slice(span));
  if (defaults.length !== nodes || !defaults.every((value) => /^(?:0|1|true|false)$/.test(value))) {
    throw refuse("has no 0 or 1 in default_left for each node");
  }
  const types = members.has("split_type") ? perNode("split_type", "integer") : [];
  if (types.length > 0) checkCategories();

  let squares = 0;
  let found = 0;
  const reached = new Uint8Array(nodes);
  const open = [0];
  while (open.length > 0) {
    const node = open.pop()!;
    if (reached[node] === 1) throw refuse(`reaches node ${node} twice`);
    reached[node] = 1;
    found++;
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
      if (!(child > 0 && child < nodes)) throw refuse(`has child ${child} of ${nodes} nodes`);
      if (parents[child] !== node) throw refuse(`has parent ${parents[child]} for child ${child}`);
      open.push(child);
    }
  }
  if (parameter("num_deleted") > nodes - found) {
    throw refuse(`has num_deleted ${parameter("num_deleted")}, but reaches ${found} of ${nodes}`);
  }
  return Math.sqrt(squares);

  /** Each node that splits by categories has its own part of `categories`. */
  function checkCategories(): void {
    const most = Math.ceil((tree.to - tree.from) / 2);
    const list = (key: string, limit: number) =>
      json.numbers(field(key), "integer", { most: limit, name: key });
    const splits = list("categories_nodes", nodes);
    const starts = list("categories_segments", splits.length);
    const sizes = list("categories_sizes", splits.length);
    const categories = list("categories", most);
    const expected = types.filter((type) => type === 1).length;
    const isSound = types.every((type) => type === 0 || type === 1) &&
      splits.length === expected && starts.length === expected && sizes.length === expected &&
      splits.every((node, i) => types[node] === 1 && (i === 0 || node > splits[i - 1]!)) &&
      starts.every((start, i) =>
        start >= 0 && sizes[i]! >= 1 && start + sizes[i]! <= categories.length
      ) && categories.every((category) => category >= 0 && category < CATEGORIES);
    if (!isSound) throw refuse("has categories that contradict its split_type");
  }
}
