import type { Context } from "../../app/context.ts";
import type { Message } from "../../app/message.ts";
import type { NodeAnswer, NodeRunner } from "../../simulation/node_runner.ts";
import { AppHost } from "../app/app_host.ts";
import type { StartInstance } from "../app/app_instance.ts";
import type { AppModule } from "../app/app_module.ts";
import type { EndNodeThread, NodeThreadEvent, OpenNodeThread } from "../sandbox/wire/protocol.ts";

/** What the runners of a ServerApp's thread need of it. */
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
   * @throws FlwrError "failed-precondition" when the ClientApp cannot be loaded
   */
  static async start(module: AppModule, thread: NodeThreadHost): Promise<ThreadRunner> {
    return new ThreadRunner(await AppHost.start(module, { threads: 1 }, threadStarter(thread)));
  }

  async run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
  ): Promise<NodeAnswer> {
    const { reply, state, failure } = await this.#host.handle(message, context, signal, seed);
    return { reply, state, ...(failure && { failure: failure.details }) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#host[Symbol.dispose]();
    return Promise.resolve();
  }
}

function threadStarter({ post, printed }: NodeThreadHost): StartInstance {
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
      send: (command) => port1.postMessage(command),
      end: () => {
        port1.close();
        reports.port1.close();
        post({ kind: "end-node-thread", id }, []);
      },
    };
  };
}
