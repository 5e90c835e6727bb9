import type { DriverConnection, OnlineNode } from "./connection.ts";
import type { Message } from "./message.ts";
import type { MessageId, NodeId, RunId } from "../entities/metadata.ts";

/** The answer of a fake node; undefined: it never answers. */
export type Answer = (instruction: Message) => Message | undefined | Promise<Message | undefined>;

/**
 * A SuperLink and its nodes in one object, for tests. Nodes answer instructions at once; a pull is held until there is
 * an answer or its signal ends it.
 */
export class FakeDriver implements DriverConnection {
  online: NodeId[];
  /** Names of the nodes with a name. */
  readonly names = new Map<NodeId, string>();
  answer: Answer;
  /** Hands out replies one at a time, if a test sets it. */
  pullEach?: NonNullable<DriverConnection["pullEach"]>;
  /** All instructions, in the order of their arrival. */
  readonly pushed: Message[] = [];
  /** Number of pulls. */
  pulls = 0;
  /** Nodes whose instructions are refused. */
  refused = new Set<NodeId>();
  /** Whether the SuperLink holds a pull without replies. If not, it answers at once, as that of Flower 1.9 does. */
  holds = true;
  #replies = new Map<MessageId, Message>();
  #wake: () => void = () => {};

  constructor(online: NodeId[], answer: Answer) {
    this.online = online;
    this.answer = answer;
  }

  createRun(): Promise<RunId> {
    return Promise.resolve(7n);
  }

  nodes(): Promise<OnlineNode[]> {
    return Promise.resolve(this.online.map((nodeId) => {
      const name = this.names.get(nodeId);
      return { nodeId, ...(name !== undefined && { name }) };
    }));
  }

  push(_runId: RunId, instructions: readonly Message[]): Promise<(MessageId | undefined)[]> {
    return Promise.resolve(instructions.map((instruction) => {
      if (this.refused.has(instruction.metadata.dstNodeId)) return undefined;
      const messageId = `m${this.pushed.length + 1}`;
      const stored = instruction.withMetadata({ messageId });
      this.pushed.push(stored);
      void this.#work(stored);
      return messageId;
    }));
  }

  async pull(_runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]> {
    this.pulls++;
    for (;;) {
      const found = ids.filter((id) => this.#replies.has(id));
      const replies = found.map((id) => this.#replies.get(id)!);
      for (const id of found) this.#replies.delete(id);
      if (replies.length > 0 || !this.holds) return replies;
      if (signal?.aborted) throw signal.reason;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  close(): void {}

  async #work(instruction: Message): Promise<void> {
    const reply = await this.answer(instruction);
    if (reply === undefined) return;
    this.#replies.set(instruction.metadata.messageId, reply);
    this.#wake();
  }
}
