import { FlwrError } from "../../../base/error.ts";
import { JsonText, type Span } from "./json_text.ts";
import { count, text } from "./xgb_parameter.ts";
import { checkTree } from "./xgb_tree.ts";

/** Minimum number of characters of a tree: the names of its fields. This bounds the number of trees in a text. */
const LEAST_TREE = 200;
/**
 * Objectives whose base score is a probability (for data of a single class, XGBoost replaces 0 or 1 by 10⁻⁶ or its
 * complement), and objectives whose base score XGBoost takes the logarithm of.
 */
const PROBABILITY = /^(?:binary|reg):log(?:istic|itraw)$/;
const POSITIVE = /^(?:count:poisson|reg:gamma|reg:tweedie|survival:.*)$/;

/** The positions of the parts of an XGBoost model in its JSON (`Booster.save_raw("json")`). */
export interface XgbModel {
  readonly json: JsonText;
  /** The text of `num_trees`, with its quotes. */
  readonly numTrees: Span;
  /** Number of trees that one round of boosting adds: `num_parallel_tree`. */
  readonly treesPerRound: number;
  readonly trees: readonly Span[];
  readonly treesArray: Span;
  readonly treeInfo: Span;
  readonly iterations: Span;
  /** The intercepts, one or one per class or target; finite. */
  readonly baseScores: readonly number[];
  /** The parameters that must be equal in models whose trees are joined. */
  readonly kind: Readonly<Record<string, string>>;
}

/**
 * Reads a model of XGBoost.
 *
 * @param bytes a complete JSON text
 * @throws FlwrError "invalid-argument" when it is not such a model, or its parts contradict each other
 */
export function readXgbModel(bytes: Uint8Array): XgbModel {
  const json = new JsonText(decode(bytes));
  const at = (from: Span, ...path: readonly string[]) =>
    path.reduce((span, name) => {
      const found = json.members(span).get(name);
      if (found !== undefined) return found;
      throw new FlwrError("invalid-argument", `XGBoost model lacks "${name}"`);
    }, from);
  const booster = at(json.root, "learner", "gradient_booster");
  const name = text(json, at(booster, "name"));
  if (name !== "gbtree") {
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model has booster "${name}", expected "gbtree"`,
    );
  }
  const model = at(booster, "model");
  const numTrees = at(model, "gbtree_model_param", "num_trees");
  const treesPerRound = count(json, at(model, "gbtree_model_param", "num_parallel_tree"));
  const treesArray = at(model, "trees");
  const [treeInfo, iterations] = [at(model, "tree_info"), at(model, "iteration_indptr")];
  const declared = count(json, numTrees);
  if (declared > json.text.length / LEAST_TREE) {
    throw contradiction(`num_trees ${declared} do not fit in ${json.text.length} characters`);
  }
  const trees = json.elements(treesArray, { most: declared, name: "trees" });
  const parameters = at(json.root, "learner", "learner_model_param");
  const parameter = (key: string, absent: string) => {
    const value = json.members(parameters).get(key);
    return value === undefined ? absent : String(count(json, value));
  };
  const kind = {
    objective: text(json, at(json.root, "learner", "objective", "name")),
    num_feature: String(count(json, at(parameters, "num_feature"))),
    num_class: parameter("num_class", "0"),
    num_target: parameter("num_target", "1"),
    num_parallel_tree: String(treesPerRound),
  };
  if (declared !== trees.length || treesPerRound < 1 || treesPerRound > trees.length) {
    throw contradiction(
      `it has ${trees.length} trees, num_trees ${declared}, num_parallel_tree ${treesPerRound}`,
    );
  }
  const groups = Math.max(1, Number(kind.num_class), Number(kind.num_target));
  const info = json.numbers(treeInfo, "integer", { most: trees.length, name: "tree_info" });
  if (info.length !== trees.length || info.some((group) => group < 0 || group >= groups)) {
    throw contradiction(`tree_info must have a number below ${groups} for each tree`);
  }
  const ends = json.numbers(iterations, "integer", {
    most: trees.length + 1,
    name: "iteration_indptr",
  });
  const ascends = ends.every((end, i) => i === 0 ? end === 0 : end > ends[i - 1]!);
  if (!ascends || ends.at(-1) !== trees.length) {
    throw contradiction(`iteration_indptr must ascend from 0 to ${trees.length}`);
  }
  const baseScores = readBaseScores(text(json, at(parameters, "base_score")), kind, groups);
  return {
    ...{ json, numTrees, treesPerRound, trees, treesArray, treeInfo, iterations },
    ...{ baseScores, kind },
  };
}

function contradiction(problem: string): FlwrError {
  return new FlwrError("invalid-argument", `XGBoost model contradicts itself: ${problem}`);
}

/** The intercepts: one number, or since XGBoost 3.1 an array of them. */
function readBaseScores(
  spelled: string,
  { objective }: { readonly objective: string },
  groups: number,
): number[] {
  const json = new JsonText(spelled.startsWith("[") ? spelled : `[${spelled}]`);
  const scores = json.elements(json.root, { most: groups, name: "base_score" }).map((span) =>
    Number(json.slice(span))
  );
  const accepts = (score: number) =>
    Number.isFinite(Math.fround(score)) &&
    (!PROBABILITY.test(objective) || score >= 0 && score <= 1) &&
    (!POSITIVE.test(objective) || score > 0);
  if (scores.length > 0 && scores.every(accepts)) return scores;
  throw new FlwrError(
    "invalid-argument",
    `XGBoost model has base_score "${spelled.slice(0, 40)}", which ${objective} cannot start from`,
  );
}

/**
 * Checks trees of a model, so predictions with them stay within their arrays.
 *
 * @param trees the model's first trees, or all
 * @returns the Euclidean norm of their leaves' values and of the base scores
 * @throws FlwrError "invalid-argument" that names the tree
 */
export function checkTrees({ json, kind, baseScores }: XgbModel, trees: readonly Span[]): number {
  const features = Number(kind.num_feature);
  let squares = 0;
  for (const score of baseScores) squares += score ** 2;
  for (const [id, tree] of trees.entries()) squares += checkTree(json, tree, { features, id }) ** 2;
  return Math.sqrt(squares);
}

/**
 * Refuses a model whose trees cannot be joined to another's.
 *
 * @throws FlwrError "invalid-argument" when the models have different objectives or features
 */
export function requireSameKind(expected: XgbModel["kind"], { kind }: XgbModel): void {
  for (const [name, value] of Object.entries(expected)) {
    if (kind[name] === value) continue;
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model has ${name} "${kind[name]}", expected "${value}" as in the other models`,
    );
  }
}

/**
 * The most common kind. Of equally common kinds, the first.
 *
 * @returns undefined if there are none
 */
export function mostCommonKind(kinds: Iterable<XgbModel["kind"]>): XgbModel["kind"] | undefined {
  const counts = new Map<string, { readonly kind: XgbModel["kind"]; count: number }>();
  for (const kind of kinds) {
    const key = JSON.stringify(Object.entries(kind));
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { kind, count: 1 });
    else known.count++;
  }
  let best: { readonly kind: XgbModel["kind"]; count: number } | undefined;
  for (const each of counts.values()) if (each.count > (best?.count ?? 0)) best = each;
  return best?.kind;
}

/** The JSON of a tree with another `id`. */
export function treeText({ json }: XgbModel, tree: Span, id: number): string {
  const old = json.members(tree).get("id")!;
  return json.text.slice(tree.from, old.from) + id + json.text.slice(old.to, tree.to);
}

/**
 * The JSON of a model with more trees.
 *
 * @param trees their texts, with the ids that follow the model's
 * @param ends the number of trees after each added round of boosting, as in `iteration_indptr`
 */
export function withTrees(
  model: XgbModel,
  trees: readonly string[],
  ends: readonly number[],
): string {
  const atEnd = ({ to }: Span, elements: readonly (string | number)[]) => ({
    from: to - 1,
    to: to - 1,
    text: elements.map((element) => `,${element}`).join(""),
  });
  const { from, to } = model.numTrees;
  return model.json.edited([
    { from, to, text: `"${model.trees.length + trees.length}"` },
    atEnd(model.iterations, ends),
    atEnd(model.treesArray, trees),
    atEnd(model.treeInfo, trees.map(() => 0)),
  ]);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FlwrError("invalid-argument", "XGBoost model is not JSON in UTF-8");
  }
}
