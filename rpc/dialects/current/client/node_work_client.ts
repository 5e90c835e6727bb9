import { checkReply } from "../../../../app/client_app.ts";
import type { Context } from "../../../../app/context.ts";
import type { Message } from "../../../../app/message.ts";
import { type Clock, systemClock, WOKEN } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import { NodeWork } from "../../../../proto/gen/current/simulation_pb.ts";
import type { Channel } from "../../../channel.ts";
import { contentToBytes, inputToBytes, type NodeResult, resultFromBytes } from "../node_job.ts";

/** Ids of contents that the SuperLink is believed to have. It keeps those of the last jobs. */
const MAX_KNOWN = 8;

/**
 * Bytes of open calls, beyond which further ones wait: otherwise the SuperLink would read nothing else of this process
 * until workers have answered. A single one may be larger.
 */
const MAX_OPEN_BYTES = 32 * 1024 * 1024;

/** Longest wait for an answer, in seconds: some 23 days. Timers of the platform take no more. */
const MAX_WAIT_SECONDS = 2_000_000;

/** Hands out the work of virtual nodes to the workers of the run, through its SuperLink. */
export class NodeWorkClient {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #known = new Set<string>();
  #openBytes = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(channel: Channel, clock: Clock = systemClock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /**
   * Passes an instruction to the ClientApp of a virtual node.
   *
   * @param seed decides all random numbers that the app draws by default
   * @throws FlwrError when no worker could do it, or the signal was aborted; "deadline-exceeded" when the instruction
   *   expired: workers may have it that never answer
   */
  async run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
  ): Promise<NodeResult> {
    const { createdAt, ttl } = message.metadata;
    const left = Math.min(createdAt + ttl - this.#clock.now(), MAX_WAIT_SECONDS);
    const [expiry, done] = [new AbortController(), new AbortController()];
    void this.#clock.sleep(left, done.signal).then(() => expiry.abort(WOKEN));
    try {
      return await this.#run(message, context, seed, AbortSignal.any([signal, expiry.signal]));
    } catch (error) {
      if (!expiry.signal.aborted || signal.aborted) throw error;
      throw new FlwrError(
        "deadline-exceeded",
        "No simulation worker answered before the instruction expired",
        { cause: error },
      );
    } finally {
      done.abort(WOKEN);
    }
  }

  async #run(
    message: Message,
    context: Context,
    seed: number,
    signal: AbortSignal,
  ): Promise<NodeResult> {
    const input = inputToBytes({ message, context, seed });
    const content = contentToBytes(message.content);
    const contentId = sha256Hex(content);
    let output: Uint8Array | undefined;
    if (this.#known.has(contentId)) output = await this.#call(contentId, input, undefined, signal);
    output ??= await this.#call(contentId, input, content, signal);
    if (output === undefined) {
      throw new FlwrError("internal", "The SuperLink does not take the instruction's content");
    }
    const result = resultFromBytes(output);
    return { ...result, reply: checkReply(result.reply, message) };
  }

  /** Makes a call. @returns undefined if the SuperLink needs the content */
  async #call(
    contentId: string,
    input: Uint8Array<ArrayBuffer>,
    content: Uint8Array<ArrayBuffer> | undefined,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const bytes = input.length + (content?.length ?? 0);
    while (this.#openBytes > 0 && this.#openBytes + bytes > MAX_OPEN_BYTES && !signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#openBytes += bytes;
    try {
      const call = this.#channel.call(
        NodeWork.method.runNode,
        { contentId, input, ...(content && { content }) },
        { signal },
      );
      // From now on: the calls arrive in their order.
      if (content !== undefined) this.#know(contentId);
      const { response: { contentMissing, output } } = await call;
      if (!contentMissing) return output;
      this.#known.delete(contentId);
      return undefined;
    } finally {
      this.#openBytes -= bytes;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  #know(contentId: string): void {
    this.#known.delete(contentId);
    this.#known.add(contentId);
    for (const old of [...this.#known].slice(0, -MAX_KNOWN)) this.#known.delete(old);
  }
}
