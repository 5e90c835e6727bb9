import { ConfigRecord } from "../app/config_record.ts";
import type { DriverConnection, OnlineNode } from "../app/connection.ts";
import type { Message } from "../app/message.ts";
import { isArrayRecord, RecordDict } from "../app/record_dict.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { MessageErrorCode, type MessageId, type RunId } from "../entities/metadata.ts";
import type { NodeRunner } from "./node_runner.ts";
import { nodeSeed } from "./node_seed.ts";
import type { VirtualNodes } from "./virtual_nodes.ts";

/**
 * Bytes of replies that may wait for the ServerApp. Beyond, no node starts to work before a reply is fetched, so that
 * memory depends on the model and not on the number of nodes.
 */
const MAX_WAITING_REPLY_BYTES = 64 * 1024 * 1024;

/** Options of {@link SimulatedConnection}. */
export interface SimulatedConnectionOptions {
  readonly runId: RunId;
  readonly nodes: VirtualNodes;
  /** Places that run the ClientApp, each for one node at a time. */
  readonly runners: readonly NodeRunner[];
  /** The run's settings, as the ClientApp sees them. */
  readonly runConfig: ConfigRecord;
  /** The run's seed, any integer: see {@link nodeSeed}. */
  readonly seed: number;
  /** Called with the full text of the error of a node that replies with one. */
  readonly failed?: (partition: number, text: string) => void;
  readonly clock?: Clock;
}

/** An instruction on its way to a node. */
interface Job {
  readonly partition: number;
  readonly instruction: Message;
}

/** What is kept of a node once it has had a message. */
interface NodeMemory {
  /** The state that the app keeps; undefined while it is empty. */
  state: RecordDict | undefined;
  /** Number of messages so far. */
  messages: number;
  /** Instructions that wait for the one in progress; undefined while none is in progress. */
  waiting: Job[] | undefined;
}

/**
 * A SuperLink with virtual nodes, in the place of a connection to a real one: it passes each instruction to a runner,
 * and the state of its node with it. The replies do not depend on the number of runners, nor on their speed: the
 * instructions of a node are handled one after the other, in the order in which they were sent.
 */
export class SimulatedConnection implements DriverConnection {
  readonly #options: SimulatedConnectionOptions;
  readonly #clock: Clock;
  readonly #idle: NodeRunner[];
  readonly #closing = new AbortController();
  readonly #nodes = new Map<number, NodeMemory>();
  /** Instructions of nodes that are free. */
  #queue: Job[] = [];
  #queueStart = 0;
  readonly #replies = new Map<MessageId, Message>();
  #replyBytes = 0;
  #sent = 0;
  /** Jobs in progress. They never reject. */
  readonly #working = new Set<Promise<void>>();
  /** Pulls that wait for a reply. */
  readonly #waiting = new Set<() => void>();

  constructor(options: SimulatedConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#idle = [...options.runners];
  }

  createRun(): Promise<RunId> {
    return Promise.resolve(this.#options.runId);
  }

  nodes(): Promise<OnlineNode[]> {
    return Promise.resolve([...this.#options.nodes.online()]);
  }

  push(_runId: RunId, instructions: readonly Message[]): Promise<(MessageId | undefined)[]> {
    this.#dropLate();
    const ids = instructions.map((sent) => {
      const partition = this.#options.nodes.partitionOf(sent.metadata.dstNodeId);
      if (partition === undefined) return undefined;
      const messageId = `simulated-${++this.#sent}`;
      const job = { partition, instruction: sent.withMetadata({ messageId }) };
      const node = this.#nodeOf(partition);
      if (node.waiting === undefined) {
        node.waiting = [];
        this.#queue.push(job);
      } else node.waiting.push(job);
      return messageId;
    });
    this.#dispatch();
    return Promise.resolve(ids);
  }

  async pull(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]> {
    const replies: Message[] = [];
    for await (const reply of this.pullEach(runId, ids, signal)) replies.push(reply);
    return replies;
  }

  async *pullEach(
    _runId: RunId,
    ids: readonly MessageId[],
    signal?: AbortSignal,
  ): AsyncGenerator<Message> {
    const asked = new Set(ids);
    let any = false;
    for (;;) {
      if (signal?.aborted || this.#closing.signal.aborted) return;
      for (const [id, reply] of this.#replies) {
        if (!asked.has(id)) continue;
        this.#replies.delete(id);
        this.#replyBytes -= arrayBytes(reply);
        this.#dispatch();
        any = true;
        yield reply;
      }
      if (any) return;
      await this.#nextReply(signal);
    }
  }

  close(): void {
    this.#closing.abort();
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when the work in progress has ended. No more begins after {@link close}. */
  async settled(): Promise<void> {
    await Promise.all(this.#working);
  }

  /** Resolves when a reply has arrived, or the signal or the connection has ended. */
  #nextReply(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      signal?.addEventListener("abort", done);
      this.#waiting.add(done);
      // A pull that waits must not wait for replies that nobody fetches.
      this.#dispatch();
    });
  }

  #nodeOf(partition: number): NodeMemory {
    let node = this.#nodes.get(partition);
    if (node === undefined) {
      node = { state: undefined, messages: 0, waiting: undefined };
      this.#nodes.set(partition, node);
    }
    return node;
  }

  /** Gives waiting instructions to idle runners. */
  #dispatch(): void {
    while (this.#idle.length > 0 && this.#queueStart < this.#queue.length) {
      if (this.#closing.signal.aborted) return;
      if (this.#replyBytes > MAX_WAITING_REPLY_BYTES && this.#waiting.size === 0) return;
      const job = this.#queue[this.#queueStart++]!;
      if (this.#queueStart === this.#queue.length) {
        this.#queue = [];
        this.#queueStart = 0;
      }
      const runner = this.#idle.pop()!;
      const work = this.#work(runner, job).finally(() => this.#working.delete(work));
      this.#working.add(work);
    }
  }

  async #work(runner: NodeRunner, job: Job): Promise<void> {
    const node = this.#nodeOf(job.partition);
    const reply = await this.#answer(runner, node, job);
    const next = node.waiting!.shift();
    if (next === undefined) node.waiting = undefined;
    else this.#queue.push(next);
    this.#idle.push(runner);
    if (this.#closing.signal.aborted) return;
    // Nobody fetches a reply after the time that its instruction was given.
    if (!this.#isLate(job.instruction)) {
      this.#replies.set(job.instruction.metadata.messageId, reply);
      this.#replyBytes += arrayBytes(reply);
    }
    for (const wake of this.#waiting) wake();
    this.#dispatch();
  }

  async #answer(runner: NodeRunner, node: NodeMemory, job: Job): Promise<Message> {
    const { nodes, runConfig, runId, seed, failed } = this.#options;
    const { partition, instruction } = job;
    const { dstNodeId } = instruction.metadata;
    if (this.#isLate(instruction)) {
      const reason = "The instruction expired before its node was simulated";
      return this.#failed(instruction, MessageErrorCode.MessageUnavailable, reason);
    }
    const own = nodeSeed(seed, partition, node.messages++);
    try {
      const context = {
        runId,
        nodeId: dstNodeId,
        nodeConfig: nodes.nodeConfig(partition),
        state: node.state ?? new RecordDict(),
        runConfig: new ConfigRecord(runConfig),
      };
      const { reply, state, failure } = await runner.run(
        instruction,
        context,
        own,
        this.#closing.signal,
      );
      node.state = state.size === 0 ? undefined : state;
      if (reply.error !== undefined) failed?.(partition, failure ?? reply.error.reason);
      return reply;
    } catch (error) {
      const { message } = FlwrError.from(error);
      if (!this.#closing.signal.aborted) failed?.(partition, message);
      return this.#failed(instruction, MessageErrorCode.ClientAppCrashed, message);
    }
  }

  /** Forgets replies that nobody fetched in time: they would hold up the nodes, and fill the memory. */
  #dropLate(): void {
    for (const [id, reply] of this.#replies) {
      if (!this.#isLate(reply)) continue;
      this.#replies.delete(id);
      this.#replyBytes -= arrayBytes(reply);
    }
  }

  #isLate({ metadata: { createdAt, ttl } }: Message): boolean {
    return this.#clock.now() > createdAt + ttl;
  }

  #failed(instruction: Message, code: number, reason: string): Message {
    return instruction.replyError(code, reason, { clock: this.#clock });
  }
}

/** Bytes of a message's arrays. Everything else in a message is small. */
function arrayBytes(message: Message): number {
  if (!message.hasContent) return 0;
  let bytes = 0;
  for (const [, record] of message.content) {
    if (isArrayRecord(record)) { for (const [, { data }] of record) bytes += data.byteLength; }
  }
  return bytes;
}
