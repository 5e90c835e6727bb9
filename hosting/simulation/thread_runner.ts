import type { Context } from "../../app/context.ts";
import { ownBuffers } from "../../app/message_memory.ts";
import type { Message } from "../../app/message.ts";
import { isArrayRecord, RecordDict } from "../../app/record_dict.ts";
import type { FoldMemory } from "../../app/strategy/fold/fold_memory.ts";
import type { FoldedReply } from "../../app/strategy/fold/fold_reply.ts";
import type { ReplyFold } from "../../app/strategy/fold/reply_fold.ts";
import { recordDictToPlain } from "../../app/transferable.ts";
import type { NodeAnswer, NodeRunner } from "../../simulation/node_runner.ts";
import { AppHost } from "../app/app_host.ts";
import type { StartInstance } from "../app/app_instance.ts";
import type { AppModule } from "../app/app_module.ts";
import type { ClientAppCommand } from "../app/worker_protocol.ts";
import type {
  EndNodeThread,
  NodeThreadCommand,
  NodeThreadEvent,
  OpenNodeThread,
} from "../sandbox/wire/protocol.ts";
import type { SharedArrays } from "../sandbox/wire/shared_arrays.ts";
import type { MemoryUser, SharedMemories } from "./shared_memories.ts";

/** The functions of the ServerApp's thread that runners use. */
export interface NodeThreadHost {
  /** Sends a request to the process. */
  readonly post: (request: OpenNodeThread | EndNodeThread, transfer: Transferable[]) => void;
  /** Called with what the ClientApp prints. */
  readonly printed: (text: string) => void;
}

/** What the threads of a run share. */
export interface SharedByThreads {
  /** The arrays of instructions. */
  readonly arrays: SharedArrays;
  /** Data sets that nobody changes. */
  readonly memories: SharedMemories;
}

/** Runs the ClientApp for virtual nodes in a thread of the ServerApp's process. */
export class ThreadRunner implements NodeRunner {
  readonly #host: AppHost;
  readonly #current: CurrentWork;
  /** The memory of this thread in each fold. */
  readonly #memories = new WeakMap<ReplyFold, FoldMemory>();

  private constructor(host: AppHost, current: CurrentWork) {
    this.#host = host;
    this.#current = current;
  }

  /**
   * Starts a thread and loads the ClientApp in it.
   *
   * @param shared what the threads of a run share
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(
    module: AppModule,
    thread: NodeThreadHost,
    shared: SharedByThreads,
  ): Promise<ThreadRunner> {
    const current: CurrentWork = {};
    const start = threadStarter(thread, shared, current);
    return new ThreadRunner(await AppHost.start(module, { threads: 1 }, start), current);
  }

  async run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
    fold?: ReplyFold,
  ): Promise<NodeAnswer> {
    this.#current.fold = fold && { fold, memory: this.#memoryOf(fold) };
    this.#current.folded = undefined;
    const { reply, state, failure } = await this.#host.handle(message, context, signal, seed);
    if (reply.hasContent) ownReply(reply, state);
    const folded: FoldedReply | undefined = this.#current.folded;
    return {
      reply,
      state,
      ...(failure && { failure: failure.details }),
      ...(folded !== undefined && { folded }),
    };
  }

  #memoryOf(fold: ReplyFold): FoldMemory {
    let memory = this.#memories.get(fold);
    if (memory === undefined) this.#memories.set(fold, memory = fold.addMemory());
    return memory;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#host[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** The work of a runner's thread that is in progress. */
interface CurrentWork {
  /** Where its reply is added. */
  fold?: { readonly fold: ReplyFold; readonly memory: FoldMemory } | undefined;
  /** What became of the reply. */
  folded?: FoldedReply | undefined;
}

/** Lets the strategy free a reply's arrays. They arrived in buffers of this message, which the state may share. */
function ownReply(reply: Message, state: RecordDict): void {
  const kept = new Set(buffersOf(state));
  ownBuffers(reply, new Set(buffersOf(reply.content)).difference(kept));
}

function buffersOf(records: RecordDict): ArrayBufferLike[] {
  return [...records.values()].filter(isArrayRecord).flatMap((record) =>
    Array.from(record.values(), ({ data }) => data.buffer)
  );
}

function threadStarter(
  { post, printed }: NodeThreadHost,
  { arrays, memories }: SharedByThreads,
  current: CurrentWork,
): StartInstance {
  return (onEvent) => {
    /** The fold that this thread has been told. */
    let told: ReplyFold | undefined;
    let ended = false;
    const user: MemoryUser = {
      give(key, given) {
        const command: NodeThreadCommand = { kind: "memory", key, given };
        port1.postMessage(command);
      },
    };
    const id = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const { port1, port2 } = new MessageChannel();
    const reports = new MessageChannel();
    port1.onmessage = reports.port1.onmessage = ({ data }: MessageEvent<NodeThreadEvent>) => {
      if (data.kind === "printed") return printed(data.text);
      if (data.kind === "ask-memory") return memories.ask(user, data.key, data.bytes);
      if (data.kind === "filled-memory") return memories.filled(user, data.key, data.isFilled);
      // What a thread still says after its end is about work that was given up.
      if (!ended && data.kind === "reply") current.folded = data.folded;
      onEvent(data);
    };
    const withFold = (command: ClientAppCommand): NodeThreadCommand => {
      if (command.kind !== "handle" || current.fold === undefined) return command;
      const { fold, memory: { memory } } = current.fold;
      if (told === fold) return { ...command, folds: true };
      told = fold;
      const arrayRecord = recordDictToPlain(new RecordDict([["", fold.sent]]));
      const sent = arrays.share(arrayRecord, { atOnce: true });
      return { ...command, folds: true, fold: { plan: fold.plan, sent, memory } };
    };
    post({ kind: "open-node-thread", id }, [port2, reports.port2]);
    return {
      send: (command) => port1.postMessage(withFold(shareInstruction(command, arrays))),
      end: () => {
        ended = true;
        memories.ended(user);
        port1.close();
        reports.port1.close();
        post({ kind: "end-node-thread", id }, []);
      },
    };
  };
}

function shareInstruction(command: ClientAppCommand, arrays: SharedArrays): ClientAppCommand {
  if (command.kind !== "handle" || command.message.content === undefined) return command;
  const content = arrays.share(command.message.content);
  return { ...command, message: { ...command.message, content } };
}
