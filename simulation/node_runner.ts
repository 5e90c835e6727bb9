import type { Message } from "../app/message.ts";
import type { RecordDict } from "../app/record_dict.ts";
import type { Context } from "../app/context.ts";
import type { FoldedReply } from "../app/strategy/fold/fold_reply.ts";
import type { ReplyFold } from "../app/strategy/fold/reply_fold.ts";

/** The result of an instruction at a virtual node. */
export interface NodeAnswer {
  /** The reply, or an error reply. */
  readonly reply: Message;
  /** The records that the app keeps for the node's next message. */
  readonly state: RecordDict;
  /** The full text of the error behind an error reply, if it is known. */
  readonly failure?: string;
  /** What became of the reply if this runner has folded it. The reply is then without its arrays. */
  readonly folded?: FoldedReply;
}

/** Runs the ClientApp for virtual nodes, one after another. */
export interface NodeRunner extends AsyncDisposable {
  /**
   * Passes an instruction to the ClientApp. It is called again only after its promise has settled.
   *
   * @param context the node's context; the app may change the state's records
   * @param seed the seed of all random numbers that the app draws by default
   * @param signal ends the work
   * @param fold a runner in another thread may add the reply to it there
   * @throws an error when this runner can no longer be used. An error of the app becomes an error reply
   */
  run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
    fold?: ReplyFold,
  ): Promise<NodeAnswer>;
}
