import { FlwrError } from "../../../base/error.ts";
import type { ArrayRecord } from "../../array_record.ts";
import type { PushedFold } from "../../connection.ts";
import type { Message } from "../../message.ts";
import type { Aggregate } from "../aggregator/aggregator.ts";
import type { Tensors } from "../round/round.ts";
import { FoldMemory } from "./fold_memory.ts";
import type { FoldPlan } from "./fold_plan.ts";
import { type FoldedReply, ReplyFolder } from "./fold_reply.ts";

/**
 * The fold of a round's replies: a connection whose nodes run in this process adds each reply where it was made, and
 * hands out the rest of it. What was not added there is added here. The mean does not depend on where.
 */
export class ReplyFold implements PushedFold {
  readonly plan: FoldPlan;
  /** The model that the nodes were sent. */
  readonly sent: ArrayRecord;
  readonly #tensors: Tensors;
  readonly #outcomes = new WeakMap<Message, FoldedReply>();
  readonly #memories: FoldMemory[] = [];
  #own: ReplyFolder | undefined;
  #folded = 0;

  constructor(plan: FoldPlan, sent: ArrayRecord, tensors: Tensors) {
    this.plan = plan;
    this.sent = sent;
    this.#tensors = tensors;
  }

  /** New memory for one more thread that adds replies. */
  addMemory(): FoldMemory {
    const memory = new FoldMemory(this.#tensors);
    this.#memories.push(memory);
    return memory;
  }

  /** Records what became of a reply that was added elsewhere. */
  record(reply: Message, outcome: FoldedReply): void {
    this.#outcomes.set(reply, outcome);
  }

  /** What became of a reply that is not an error; it is added now if nobody has. */
  outcomeOf(reply: Message): FoldedReply {
    if (++this.#folded > this.plan.replies) {
      throw new FlwrError("internal", `More than ${this.plan.replies} replies in a round`);
    }
    const known = this.#outcomes.get(reply);
    if (known !== undefined) return known;
    this.#own ??= new ReplyFolder(this.plan, this.#tensors, this.addMemory());
    return this.#own.fold(reply);
  }

  /** The mean of all replies. Later ones are refused. */
  finish(): Aggregate {
    for (const memory of this.#memories) memory.close();
    const [first, ...others] = this.#memories;
    for (const other of others) first!.merge(other);
    return { arrays: first?.mean() ?? new Map() };
  }
}
