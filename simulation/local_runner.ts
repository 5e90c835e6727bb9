import type { ClientApp } from "../app/client_app.ts";
import type { Context } from "../app/context.ts";
import type { Message } from "../app/message.ts";
import { fromTransferable, toTransferable } from "../app/transferable.ts";
import { drawingFrom } from "../base/current_random.ts";
import { nodeDraws } from "../app/node_draws.ts";
import { seededRandom } from "../base/random.ts";
import type { NodeAnswer, NodeRunner } from "./node_runner.ts";

/** Runs a ClientApp in this thread. Several runners take turns whenever the app awaits something. */
export class LocalRunner implements NodeRunner {
  readonly #app: ClientApp;
  readonly #seed: number;

  /**
   * @param app handles the instructions of all nodes that this runner gets
   * @param seed the run's
   */
  constructor(app: ClientApp, seed: number) {
    this.#app = app;
    this.#seed = seed;
  }

  async run(message: Message, context: Context, seed: number): Promise<NodeAnswer> {
    // Copied, so that neither side sees later changes of the other to its arrays, as over a network.
    const received = copied(message);
    const random = seededRandom(seed);
    const again = nodeDraws(this.#seed, context.nodeId);
    const reply = await drawingFrom(random, () => this.#app.handle(received, context), again);
    return { reply: copied(reply), state: context.state };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function copied(message: Message): Message {
  return fromTransferable(structuredClone(toTransferable(message)));
}
