import { FlwrError } from "../../../base/error.ts";
import type { Message } from "../../message.ts";
import { isArrayRecord, RecordDict } from "../../record_dict.ts";
import { normScratch, updateNorm } from "../arrays/update_norm.ts";
import { ModelContract } from "../contract/model_contract.ts";
import type { PhaseRound, Tensors } from "../round/round.ts";
import type { FoldMemory } from "./fold_memory.ts";
import type { FoldPlan } from "./fold_plan.ts";

/** What became of a folded reply. */
export type FoldedReply =
  | {
    /** Weight of the reply. */
    readonly weight: number;
    /** Euclidean norm of its update. */
    readonly norm: number;
  }
  /** The reason for which it was not added. */
  | { readonly refused: string };

/** Checks replies against a plan, and adds those that pass to a sum. */
export class ReplyFolder {
  readonly #plan: FoldPlan;
  readonly #sent: Tensors;
  readonly #memory: FoldMemory;
  readonly #contract: ModelContract;
  readonly #scratch = normScratch();

  /** @param sent the model that the nodes were sent */
  constructor(plan: FoldPlan, sent: Tensors, memory: FoldMemory) {
    this.#plan = plan;
    this.#sent = sent;
    this.#memory = memory;
    this.#contract = new ModelContract(plan.contract);
  }

  /** Adds a reply that is not an error. It is not needed any more, except for what {@link withoutArrays} returns. */
  fold(reply: Message): FoldedReply {
    const sent = this.#sent;
    let checked;
    try {
      // A ModelContract reads nothing else of a round.
      checked = this.#contract.check(reply, { phase: "train", sent } as PhaseRound);
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      return { refused: error.message };
    }
    const { tensors, weight } = checked;
    const added = this.#memory.add(tensors, this.#plan.weights === "equal" ? 1 : weight);
    if (!added) return { refused: "It came after the end of the round" };
    return { weight, norm: updateNorm(sent, tensors, this.#scratch) };
  }
}

/** The rest of a reply whose arrays were added, which strategies aggregate: its metrics and settings. */
export function contentWithoutArrays({ content }: Pick<Message, "content">): RecordDict {
  return new RecordDict([...content].filter(([, record]) => !isArrayRecord(record)));
}
