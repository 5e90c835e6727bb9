import { FlwrError } from "../../../base/error.ts";
import { FedXgb, type FedXgbOptions, type JoinedModel } from "./fedxgb.ts";
import {
  checkTrees,
  readXgbModel,
  requireSameKind,
  treeText,
  withTrees,
  type XgbModel,
} from "./xgb_model.ts";

/** What a tree adds to a model besides its own text, at most: commas, its class and its place. */
const PER_TREE_BYTES = 16;

/** Options of {@link FedXgbBagging}. */
export type FedXgbBaggingOptions = FedXgbOptions;

/**
 * Bagging of XGBoost's trees, as in Flower: each round, every node boosts the global model by one round on its own data,
 * and the new trees of all nodes go into the global model. Nodes reply with XGBoost's JSON (`save_raw("json")`) of the
 * new trees alone, as one array "0" of bytes.
 *
 * Of each reply only the first `num_parallel_tree` trees are taken, and each gets the class 0 in `tree_info`, so nodes
 * must boost one round at a time, and models with several classes are refused. If there is no global model yet, the
 * first reply becomes it as a whole. All numbers keep their spelling.
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
  protected override joinTo(global: Uint8Array): JoinedModel {
    let base = global.length === 0 ? undefined : readXgbModel(global);
    let bytes = global;
    let size = global.length;
    const trees: string[] = [];
    const ends: number[] = [];
    return {
      add: (own) => {
        const added = readXgbModel(own);
        requireOneClass(added);
        if (base === undefined) {
          this.requireNorm(checkTrees(added, added.trees));
          [base, bytes, size] = [added, own, own.length];
          return;
        }
        requireSameKind(base, added);
        const taken = added.trees.slice(0, added.treesPerRound);
        this.requireNorm(checkTrees(added, taken));
        const next = base.trees.length + trees.length;
        const texts = taken.map((tree, i) => treeText(added, tree, next + i));
        const larger = texts.reduce((sum, text) => sum + text.length + PER_TREE_BYTES, size);
        this.requireSize(larger, "The global model with its trees");
        size = larger;
        trees.push(...texts);
        ends.push(next + texts.length);
      },
      finish: () => {
        if (base === undefined || trees.length === 0) return bytes;
        return new TextEncoder().encode(withTrees(base, trees, ends));
      },
    };
  }
}

function requireOneClass({ kind }: XgbModel): void {
  const classes = kind.num_class ?? "0";
  if (classes === "0" || classes === "1") return;
  throw new FlwrError(
    "invalid-argument",
    `XGBoost model has ${classes} classes: bagging would give all trees to the first`,
  );
}
