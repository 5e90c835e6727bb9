import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { isArrayRecord, RecordDict } from "../record_dict.ts";
import { requireRounds } from "./rounds_only.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "./strategy.ts";

/** Decides by its name whether an array of the model stays on the node. */
export type IsLocal = (name: string) => boolean;

/** Options of {@link PartialModel}. */
export interface PartialModelOptions {
  /** Decides by its name whether an array stays on the node. At least one array must be shared. */
  readonly isLocal: IsLocal;
  /**
   * The arrays that nodes receive. "all": a node starts with the local arrays of the initial model. "shared": only the
   * shared arrays, which saves bytes; nodes then need their own local arrays (default "all").
   */
  readonly sent?: "all" | "shared";
}

/**
 * A strategy for models with some arrays that stay on the nodes: batch normalisation (FedBN, Li et al., 2021,
 * arXiv:2102.07623), the last layers (FedPer, Arivazhagan et al., 2019, arXiv:1912.00818), or all but small adapters
 * (LoRA). Another strategy aggregates the shared arrays. The local arrays of the global model never change and belong
 * to no node, so evaluate on the nodes.
 *
 * Replies may contain local arrays, which are ignored. Nodes keep their own with the modifier `localParameters`.
 *
 * @example
 * ```ts
 * const isLocal = (name: string) => name.startsWith("head.");
 * new PartialModel(new FedAvg(), { isLocal }).start(grid, { initialArrays });
 * new ClientApp({ mods: [localParameters(isLocal)] });
 * ```
 */
export class PartialModel extends Strategy {
  readonly #inner: Strategy;
  readonly #isLocal: IsLocal;
  readonly #sent: "all" | "shared";

  /**
   * Creates the strategy.
   *
   * @param inner aggregates the shared arrays
   * @throws FlwrError "invalid-argument" when an option is invalid, or the other strategy overrides `start`, as FedBuff
   *   does
   */
  constructor(inner: Strategy, { isLocal, sent = "all" }: PartialModelOptions) {
    super();
    requireRounds("PartialModel", inner);
    if (typeof isLocal !== "function") {
      throw new FlwrError("invalid-argument", `isLocal must be a function: got ${typeof isLocal}`);
    }
    if (sent !== "all" && sent !== "shared") {
      throw new FlwrError("invalid-argument", `sent must be "all" or "shared": got "${sent}"`);
    }
    this.#inner = inner;
    this.#isLocal = isLocal;
    this.#sent = sent;
  }

  /** The name of the strategy that aggregates the shared arrays. */
  override get name(): string {
    return this.#inner.name;
  }

  /** Asks as the other strategy does. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.#inner.initialArrays(grid, options);
  }

  /**
   * Sends as the other strategy does.
   *
   * @throws FlwrError "invalid-argument" when no array of the model is shared
   */
  override configureTrain(round: Round): Promise<PhasePlan> {
    this.#shared(round.arrays);
    return this.#inner.configureTrain(this.#toSend(round));
  }

  /** Sends as the other strategy does. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#inner.configureEvaluate(this.#toSend(round));
  }

  /** Aggregates the shared arrays; the others stay. */
  override async aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome> {
    const shared = this.#shared(round.arrays);
    const outcome = await this.#inner.aggregateTrain(
      { ...round, arrays: shared },
      replies.map((reply) => this.#withoutLocal(reply)),
    );
    if (outcome.arrays === undefined) return outcome;
    const arrays = new ArrayRecord(
      [...round.arrays].map(([name, old]) => [name, outcome.arrays!.get(name) ?? old] as const),
    );
    return { ...outcome, arrays };
  }

  /** Aggregates metrics as the other strategy does. */
  override aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome> {
    return this.#inner.aggregateEvaluate(round, replies);
  }

  /** Same as the other strategy. */
  override get savesEachRound(): boolean {
    return this.#inner.savesEachRound;
  }

  /** The other strategy's state. */
  override saveState(): RecordDict {
    return this.#inner.saveState();
  }

  /** Replaces the other strategy's state. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadState(state: RecordDict): void {
    this.#inner.loadState(state);
  }

  #toSend(round: Round): Round {
    return this.#sent === "all" ? round : { ...round, arrays: this.#shared(round.arrays) };
  }

  #shared(arrays: ArrayRecord): ArrayRecord {
    const shared = new ArrayRecord([...arrays].filter(([name]) => !this.#isLocal(name)));
    if (shared.size > 0) return shared;
    throw new FlwrError("invalid-argument", `isLocal is true for all ${arrays.size} arrays`, {
      hints: ["Leave at least one array to be shared"],
    });
  }

  #withoutLocal(reply: Message): Message {
    if (!reply.hasContent) return reply;
    const records = [...reply.content].map(([name, record]) => {
      if (!isArrayRecord(record)) return [name, record] as const;
      const shared = [...record].filter(([array]) => !this.#isLocal(array));
      return [name, new ArrayRecord(shared)] as const;
    });
    return reply.withContent(new RecordDict(records));
  }
}
