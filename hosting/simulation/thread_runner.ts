import type { Context } from "../../app/context.ts";
import { ownBuffers } from "../../app/message_memory.ts";
import type { Message } from "../../app/message.ts";
import { isArrayRecord, type RecordDict } from "../../app/record_dict.ts";
import type { NodeAnswer, NodeRunner } from "../../simulation/node_runner.ts";
import { AppHost } from "../app/app_host.ts";
import type { StartInstance } from "../app/app_instance.ts";
import type { AppModule } from "../app/app_module.ts";
import type { ClientAppCommand } from "../app/worker_protocol.ts";
import type { EndNodeThread, NodeThreadEvent, OpenNodeThread } from "../sandbox/wire/protocol.ts";
import type { SharedArrays } from "../sandbox/wire/shared_arrays.ts";

/** The functions of the ServerApp's thread that runners use. */
export interface NodeThreadHost {
  /** Sends a request to the process. */
  readonly post: (request: OpenNodeThread | EndNodeThread, transfer: Transferable[]) => void;
  /** Called with what the ClientApp prints. */
  readonly printed: (text: string) => void;
}

/** Runs the ClientApp for virtual nodes in a thread of the ServerApp's process. */
export class ThreadRunner implements NodeRunner {
  readonly #host: AppHost;

  private constructor(host: AppHost) {
    this.#host = host;
  }

  /**
   * Starts a thread and loads the ClientApp in it.
   *
   * @param arrays the arrays that the threads of a run share
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(
    module: AppModule,
    thread: NodeThreadHost,
    arrays: SharedArrays,
  ): Promise<ThreadRunner> {
    const start = threadStarter(thread, arrays);
    return new ThreadRunner(await AppHost.start(module, { threads: 1 }, start));
  }

  async run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
  ): Promise<NodeAnswer> {
    const { reply, state, failure } = await this.#host.handle(message, context, signal, seed);
    if (reply.hasContent) ownReply(reply, state);
    return { reply, state, ...(failure && { failure: failure.details }) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#host[Symbol.dispose]();
    return Promise.resolve();
  }
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

function threadStarter({ post, printed }: NodeThreadHost, arrays: SharedArrays): StartInstance {
  return (onEvent) => {
    const id = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const { port1, port2 } = new MessageChannel();
    const reports = new MessageChannel();
    port1.onmessage = reports.port1.onmessage = ({ data }: MessageEvent<NodeThreadEvent>) => {
      if (data.kind === "printed") printed(data.text);
      else onEvent(data);
    };
    post({ kind: "open-node-thread", id }, [port2, reports.port2]);
    return {
      send: (command) => port1.postMessage(shareInstruction(command, arrays)),
      end: () => {
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
