import { FlwrError } from "../../../base/error.ts";
import { JsonText, type Span } from "./json_text.ts";
import { checkTree } from "./xgb_tree.ts";

/** Where the parts of an XGBoost model lie in its JSON (`Booster.save_raw("json")`). */
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
  /** What must be equal in models whose trees can be joined. */
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
  const trees = json.elements(treesArray);
  const ends = json.elements(iterations).map((span) => Number(json.slice(span)));
  const parameters = at(json.root, "learner", "learner_model_param");
  const kind: Record<string, string> = {
    objective: text(json, at(json.root, "learner", "objective", "name")),
  };
  for (const key of ["num_feature", "num_class", "num_target"]) {
    const value = json.members(parameters).get(key);
    if (value !== undefined) kind[key] = text(json, value);
  }
  const consistent = count(json, numTrees) === trees.length &&
    json.elements(treeInfo).length === trees.length && ends.at(-1) === trees.length &&
    treesPerRound >= 1 && treesPerRound <= trees.length;
  if (!consistent) {
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model contradicts itself: it has ${trees.length} trees, num_trees ` +
        `${json.slice(numTrees)}, num_parallel_tree "${treesPerRound}", ` +
        `${json.elements(treeInfo).length} in tree_info, and iteration_indptr ends with ${
          ends.at(-1)
        }`,
    );
  }
  return { json, numTrees, treesPerRound, trees, treesArray, treeInfo, iterations, kind };
}

/**
 * Checks trees of a model, so that predicting with them stays within their arrays.
 *
 * @param trees some of the model's trees
 * @returns the Euclidean norm of their leaves' values
 * @throws FlwrError "invalid-argument" that names the tree
 */
export function checkTrees({ json, kind }: XgbModel, trees: readonly Span[]): number {
  const features = Number(kind.num_feature ?? Infinity);
  const norms = trees.map((tree, i) => checkTree(json, tree, { features, name: `tree ${i}` }));
  return Math.hypot(...norms);
}

/**
 * Refuses a model whose trees cannot be joined to another's.
 *
 * @throws FlwrError "invalid-argument" when the models have different objectives or features
 */
export function requireSameKind(global: XgbModel, added: XgbModel): void {
  for (const [name, value] of Object.entries(global.kind)) {
    if (added.kind[name] === value) continue;
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model has ${name} "${added.kind[name]}", expected "${value}" as in the global one`,
    );
  }
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

/** A JSON string's content. */
function text(json: JsonText, span: Span): string {
  const value: unknown = JSON.parse(json.slice(span));
  if (typeof value === "string") return value;
  throw new FlwrError(
    "invalid-argument",
    `XGBoost model has ${json.slice(span)}, expected a string`,
  );
}

/** A number in a JSON string, as XGBoost writes its parameters. */
function count(json: JsonText, span: Span): number {
  const digits = text(json, span);
  if (/^\d{1,9}$/.test(digits)) return Number(digits);
  throw new FlwrError("invalid-argument", `XGBoost model has "${digits}", expected a whole number`);
}
