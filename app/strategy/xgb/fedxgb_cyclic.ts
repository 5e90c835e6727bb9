import { FlwrError } from "../../../base/error.ts";
import type { MessageType, NodeId } from "../../../entities/metadata.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { Grid } from "../../grid.ts";
import { Message } from "../../message.ts";
import { MessageTypes } from "../../message_type.ts";
import { RecordDict } from "../../record_dict.ts";
import type { PhasePlan, Round } from "../strategy.ts";
import { FedXgb, type FedXgbOptions, type JoinedModel, xgbBytes } from "./fedxgb.ts";
import { checkTrees, readXgbModel, requireSameKind } from "./xgb_model.ts";

/** Options of {@link FedXgbCyclic}. */
export interface FedXgbCyclicOptions
  extends Omit<FedXgbOptions, "minTrainNodes" | "minEvaluateNodes" | "seed"> {
  /** Whether a node trains in each round: 1 or 0 (default 1). */
  readonly fractionTrain?: 0 | 1;
  /** Whether a node evaluates in each round: 1 or 0 (default 1). With 0, Flower still asks one node. */
  readonly fractionEvaluate?: 0 | 1;
  /**
   * Format of the replies. "json" is parsed and checked. "any" is any bytes, unchecked, such as XGBoost's binary format
   * (default "json").
   */
  readonly modelFormat?: "json" | "any";
}

/**
 * Cyclic training of XGBoost, as in Flower: one node after another boosts the global model, and its reply becomes the
 * new global model. Nodes take turns in the order in which they appeared, and a node evaluates the model that it has
 * just trained.
 */
export class FedXgbCyclic extends FedXgb {
  readonly #turns = new Turns();
  readonly #format: "json" | "any";
  #grid: Grid | undefined;
  /** Whether the order was loaded for the next round's run. */
  #isLoaded = false;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ modelFormat = "json", ...options }: FedXgbCyclicOptions = {}) {
    super(options);
    for (const name of ["fractionTrain", "fractionEvaluate"] as const) {
      const value = options[name] ?? 1;
      if (value !== 0 && value !== 1) {
        throw new FlwrError("invalid-argument", `${name} must be 0 or 1: got ${value}`);
      }
    }
    if (modelFormat !== "json" && modelFormat !== "any") {
      throw new FlwrError(
        "invalid-argument",
        `modelFormat must be "json" or "any": got "${modelFormat}"`,
      );
    }
    this.#format = modelFormat;
  }

  /** Sends the model to the node whose turn it is. */
  override configureTrain(round: Round): Promise<PhasePlan> {
    xgbBytes(round.arrays);
    const { fractionTrain } = this.options;
    return this.#ask(round, MessageTypes.Train, this.trainConfig(round), fractionTrain);
  }

  /** Sends the model to the node whose turn it is. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    const { fractionEvaluate } = this.options;
    return this.#ask(round, MessageTypes.Evaluate, this.evaluateConfig(round), fractionEvaluate);
  }

  /** The new model is the node's. */
  protected override joinTo(global: Uint8Array): JoinedModel {
    let model = global;
    const isRead = this.#format === "json" && global.length > 0;
    const kind = isRead ? readXgbModel(global).kind : undefined;
    return {
      add: (own) => {
        if (this.#format === "json") {
          const read = readXgbModel(own);
          if (kind !== undefined) requireSameKind(kind, read);
          this.requireNorm(checkTrees(read, read.trees));
        }
        model = own;
      },
      finish: () => model,
    };
  }

  /** The order of the nodes, and the state of every strategy. */
  override saveState(): RecordDict {
    const order = new ConfigRecord({ order: this.#turns.save().map(String) });
    return new RecordDict([...super.saveState(), ["turns", order]]);
  }

  /** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
  override loadState(state: RecordDict): void {
    const order = state.configRecord("turns").get("order");
    super.loadState(state);
    this.#turns.load(Array.isArray(order) ? order.map((id) => BigInt(String(id))) : []);
    this.#isLoaded = true;
  }

  async #ask(
    { number, arrays, grid, signal }: Round,
    messageType: MessageType,
    config: ConfigRecord,
    fraction: number,
  ): Promise<PhasePlan> {
    if (fraction === 0) return { messages: [], available: 0 };
    const { minAvailableNodes, minTrainNodes, arrayrecordKey, configrecordKey } = this.options;
    const online = await grid.waitForNodes(Math.max(minAvailableNodes, minTrainNodes), { signal });
    // In another run, nodes are numbered again.
    if (this.#grid !== grid && !this.#isLoaded) this.#turns.clear();
    this.#grid = grid;
    this.#isLoaded = false;
    const content = new RecordDict([[arrayrecordKey, arrays], [configrecordKey, config]]);
    const dstNodeId = this.#turns.of(number, online);
    const groupId = String(number);
    const message = Message.create({ content, dstNodeId, messageType, groupId, clock: grid.clock });
    return { messages: [message], available: online.length };
  }
}

/** Decides which node's turn it is. Nodes are numbered in the order in which they first appear. */
export class Turns {
  readonly #places = new Map<NodeId, number>();

  /**
   * The node of a round, from 1: the one at position (round − 1) modulo n of the given nodes, in the order of their
   * numbers.
   */
  of(round: number, nodeIds: readonly NodeId[]): NodeId {
    for (const id of nodeIds) if (!this.#places.has(id)) this.#places.set(id, this.#places.size);
    const ordered = [...nodeIds].sort((a, b) => this.#places.get(a)! - this.#places.get(b)!);
    return ordered[(round - 1) % ordered.length]!;
  }

  /** The nodes, in the order of their numbers. */
  save(): NodeId[] {
    return [...this.#places.keys()];
  }

  /** Replaces all nodes by those of {@link save}. */
  load(order: readonly NodeId[]): void {
    this.#places.clear();
    for (const id of order) this.#places.set(id, this.#places.size);
  }

  /** Forgets all nodes. */
  clear(): void {
    this.#places.clear();
  }
}
