import { FoldMemory } from "../../../app/strategy/fold/fold_memory.ts";
import { contentWithoutArrays, ReplyFolder } from "../../../app/strategy/fold/fold_reply.ts";
import {
  fromTransferable,
  recordDictFromPlain,
  recordDictToPlain,
} from "../../../app/transferable.ts";
import type { NodeThreadCommand, NodeThreadEvent, ThreadFold } from "./protocol.ts";

type FoldingCommand = Exclude<NodeThreadCommand, { readonly kind: "memory" }>;
type ReplyEvent = NodeThreadEvent & { readonly kind: "reply" };

/** Adds the replies of a thread of virtual nodes to the fold of the round. */
export class ThreadFolding {
  #folder: ReplyFolder | undefined;
  #folds = false;

  /** Notes what a command says about its reply. */
  expect({ fold, folds = false }: Pick<FoldingCommand, "fold" | "folds">): void {
    if (fold !== undefined) this.#folder = folderOf(fold);
    this.#folds = folds;
  }

  /** Adds a reply that is to be added, and returns the rest of it. */
  fold(event: ReplyEvent): ReplyEvent {
    const { message } = event;
    if (!this.#folds || this.#folder === undefined || message.content === undefined) return event;
    const reply = fromTransferable(message);
    const folded = this.#folder.fold(reply);
    const content = recordDictToPlain(contentWithoutArrays(reply));
    return { ...event, message: { ...message, content }, folded };
  }
}

function folderOf({ plan, sent, memory }: ThreadFold): ReplyFolder {
  const tensors = recordDictFromPlain(sent).arrayRecord("").viewTensors();
  return new ReplyFolder(plan, tensors, new FoldMemory(tensors, memory));
}
