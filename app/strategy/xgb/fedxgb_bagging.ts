import { FlwrError } from "../../../base/error.ts";
import { FedXgb, type FedXgbOptions, type JoinedModel } from "./fedxgb.ts";
import {
  checkTrees,
  mostCommonKind,
  readXgbModel,
  requireSameKind,
  treeText,
  withTrees,
  type XgbModel,
} from "./xgb_model.ts";

/**
 * Maximum number of bytes that a tree adds to a model in addition to its own text: commas, its class and its position.
 */
const PER_TREE_BYTES = 16;

/** Options of {@link FedXgbBagging}. */
export type FedXgbBaggingOptions = FedXgbOptions;

/**
 * Bagging of XGBoost's trees, as in Flower: each round, every node boosts the global model by one round on its own data,
 * and the new trees of all nodes go into the global model. Nodes reply with XGBoost's JSON (`save_raw("json")`) of the
 * new trees alone, as one array "0" of bytes.
 *
 * Only the first `num_parallel_tree` trees of each reply are used, and each gets the class 0 in `tree_info`. So nodes
 * must boost one round at a time, and models with several classes or targets are refused. If there is no global model
 * yet, the first reply of the most common kind (objective, features, parallel trees) becomes the global model as a
 * whole. All numbers keep their spelling.
 */
export class FedXgbBagging extends FedXgb {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedXgbBaggingOptions = {}) {
    super(options);
  }

  /** Adds the nodes' new trees. */
  protected override joinTo(global: Uint8Array, owns: readonly Uint8Array[]): JoinedModel {
    let base = global.length === 0 ? undefined : readXgbModel(global);
    const refused = new Map<Uint8Array, FlwrError>();
    const kind = base?.kind ?? this.#commonKind(owns, refused);
    let bytes = global;
    let size = global.length;
    const trees: string[] = [];
    const ends: number[] = [];
    return {
      add: (own) => {
        const known = refused.get(own);
        if (known !== undefined) throw known;
        const added = readXgbModel(own);
        requireOneGroup(added);
        if (kind !== undefined) requireSameKind(kind, added);
        if (base === undefined) {
          this.requireNorm(checkTrees(added, added.trees));
          [base, bytes, size] = [added, own, own.length];
          return;
        }
        const taken = added.trees.slice(0, added.treesPerRound);
        this.requireNorm(checkTrees(added, taken));
        const next = base.trees.length + trees.length;
        const texts = taken.map((tree, i) => treeText(added, tree, next + i));
        const larger = texts.reduce((sum, text) => sum + text.length + PER_TREE_BYTES, size);
        this.requireSize(larger, "The global model with its trees");
        size = larger;
        // In a loop, because arguments of a call are on the stack, and the node determines their number.
        for (const text of texts) trees.push(text);
        ends.push(next + texts.length);
      },
      finish: () => {
        if (base === undefined || trees.length === 0) return bytes;
        return new TextEncoder().encode(withTrees(base, trees, ends));
      },
    };
  }

  /**
   * The kind of most sound models, so one node cannot decide it for all.
   *
   * @param refused receives the reasons why other models are refused, so they are read only once
   */
  #commonKind(
    owns: readonly Uint8Array[],
    refused: Map<Uint8Array, FlwrError>,
  ): XgbModel["kind"] | undefined {
    const kinds: XgbModel["kind"][] = [];
    for (const own of owns) {
      try {
        const model = readXgbModel(own);
        requireOneGroup(model);
        this.requireNorm(checkTrees(model, model.trees));
        kinds.push(model.kind);
      } catch (error) {
        if (!(error instanceof FlwrError)) throw error;
        refused.set(own, error);
      }
    }
    return mostCommonKind(kinds);
  }
}

function requireOneGroup({ kind }: XgbModel): void {
  for (const [name, what] of [["num_class", "classes"], ["num_target", "targets"]] as const) {
    if (Number(kind[name]) <= 1) continue;
    throw new FlwrError(
      "invalid-argument",
      `XGBoost model has ${kind[name]} ${what}: bagging would give all trees to the first`,
    );
  }
}
