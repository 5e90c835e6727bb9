import { ConfigRecord } from "../app/config_record.ts";
import type { AttachedState } from "../app/checkpoint/attached_state.ts";
import type { DriverConnection, OnlineNode, PushedFold } from "../app/connection.ts";
import type { Message } from "../app/message.ts";
import { ReplyFold } from "../app/strategy/fold/reply_fold.ts";
import { isArrayRecord, RecordDict } from "../app/record_dict.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { MessageErrorCode, type MessageId, type RunId } from "../entities/metadata.ts";
import { NO_FAULTS, type NodeFaults } from "../entities/simulation.ts";
import { drawFaults } from "./draw_faults.ts";
import { lie } from "./lie.ts";
import type { NodeRunner } from "./node_runner.ts";
import { nodeSeed } from "./node_seed.ts";
import { nodesFromRecords, nodesToRecords } from "./node_states.ts";
import type { VirtualNodes } from "./virtual_nodes.ts";

/**
 * Maximum bytes of replies that wait for the ServerApp. Above it, no node starts to work until a reply is fetched, so
 * memory depends on the model and not on the number of nodes.
 */
const MAX_WAITING_REPLY_BYTES = 64 * 1024 * 1024;

/** Options of {@link SimulatedConnection}. */
export interface SimulatedConnectionOptions {
  readonly runId: RunId;
  readonly nodes: VirtualNodes;
  /** Runners of the ClientApp, each for one node at a time. */
  readonly runners: readonly NodeRunner[];
  /** The run's settings, as the ClientApp sees them. */
  readonly runConfig: ConfigRecord;
  /** The run's seed, any integer: see {@link nodeSeed}. */
  readonly seed: number;
  /** Called with the full text of the error of a node that replies with one. */
  readonly failed?: (partition: number, text: string) => void;
  /** Called once when the states of the nodes become too large for checkpoints. */
  readonly unsaved?: () => void;
  /** Faults of the nodes (default: none). */
  readonly faults?: NodeFaults;
  readonly clock?: Clock;
}

/** An instruction on its way to a node. */
interface Job {
  readonly partition: number;
  readonly instruction: Message;
  /** The fold that the reply is added to. */
  readonly fold: ReplyFold | undefined;
}

/** An instruction that its node works on. */
interface NodeWork extends Job {
  /** Decides all random numbers of this work. */
  readonly seed: number;
  /** Whether the node's reply is false. */
  readonly lies: boolean;
}

/** The data that is kept about a node that has had a message. */
interface NodeMemory {
  /** The state that the app keeps; undefined while it is empty. */
  state: RecordDict | undefined;
  /** Number of messages so far. */
  messages: number;
  /** Instructions that wait for the one in progress; undefined while none is in progress. */
  waiting: Job[] | undefined;
}

/**
 * Connects a ServerApp with virtual nodes instead of a SuperLink: passes each instruction to a runner, with the state
 * of its node. Replies depend neither on the number of runners nor on their speed: a node handles its instructions one
 * after another, in the order in which they were sent.
 */
export class SimulatedConnection implements DriverConnection, AttachedState {
  readonly nodesAreFixed = true;
  readonly folds = true;
  readonly #options: SimulatedConnectionOptions;
  readonly #clock: Clock;
  readonly #faults: NodeFaults;
  readonly #idle: NodeRunner[];
  readonly #closing = new AbortController();
  readonly #nodes = new Map<number, NodeMemory>();
  /** Instructions of nodes that are free. */
  #queue: NodeWork[] = [];
  #queueStart = 0;
  readonly #replies = new Map<MessageId, Message>();
  #replyBytes = 0;
  #sent = 0;
  #isUnsaved = false;
  /** Jobs in progress. They never reject. */
  readonly #working = new Set<Promise<void>>();
  /** Pulls that wait for a reply. */
  readonly #waiting = new Set<() => void>();

  constructor(options: SimulatedConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#faults = options.faults ?? NO_FAULTS;
    this.#idle = [...options.runners];
  }

  createRun(): Promise<RunId> {
    return Promise.resolve(this.#options.runId);
  }

  nodes(): Promise<readonly OnlineNode[]> {
    return Promise.resolve(this.#options.nodes.online());
  }

  push(
    _runId: RunId,
    instructions: readonly Message[],
    pushed?: PushedFold,
  ): Promise<(MessageId | undefined)[]> {
    this.#dropLate();
    const fold = pushed instanceof ReplyFold ? pushed : undefined;
    const ids = instructions.map((sent) => {
      const partition = this.#options.nodes.partitionOf(sent.metadata.dstNodeId);
      if (partition === undefined) return undefined;
      const messageId = `simulated-${++this.#sent}`;
      const job = { partition, instruction: sent.withMetadata({ messageId }), fold };
      const node = this.#nodeOf(partition);
      if (node.waiting === undefined) {
        node.waiting = [];
        this.#begin(node, job);
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
    let any = false;
    for (;;) {
      if (signal?.aborted || this.#closing.signal.aborted) return;
      for (const [id, reply] of this.#replies) {
        // Replies come roughly in the order of the instructions, so this looks at a few ids.
        if (!ids.includes(id)) continue;
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

  /** The states of the nodes, for a checkpoint. No records if they are too large. */
  save(): RecordDict {
    const records = nodesToRecords(this.#nodes);
    if (records === undefined && !this.#isUnsaved) {
      this.#isUnsaved = true;
      this.#options.unsaved?.();
    }
    return records ?? new RecordDict();
  }

  /** Restores the states of the nodes. Those of partitions that this simulation does not have are left out. */
  load(records: RecordDict): void {
    const { count } = this.#options.nodes;
    const saved = nodesFromRecords(records);
    for (const [partition, { waiting }] of this.#nodes) {
      if (waiting === undefined) this.#nodes.delete(partition);
    }
    for (const partition of new Set([...this.#nodes.keys(), ...saved.keys()])) {
      if (partition >= count) continue;
      const { state, messages = 0 } = saved.get(partition) ?? {};
      Object.assign(this.#nodeOf(partition), { state, messages });
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
      // A waiting pull must not wait behind replies that nobody fetches.
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

  /** Lets a node handle an instruction. If the node drops out, continues with the next one. */
  #begin(node: NodeMemory, first: Job): void {
    for (let job: Job | undefined = first; job !== undefined; job = node.waiting!.shift()) {
      const seed = nodeSeed(this.#options.seed, job.partition, node.messages++);
      const { dropsOut, isSlow, lies } = drawFaults(this.#faults, seed);
      if (!dropsOut) return void this.#enqueue({ ...job, seed, lies }, isSlow);
      this.#deliver(
        this.#failed(job.instruction, MessageErrorCode.NodeUnavailable, "The node dropped out"),
        job,
      );
    }
    node.waiting = undefined;
  }

  /** Queues work for a runner. A slow node waits before this, so it blocks neither a runner nor a reply. */
  async #enqueue(work: NodeWork, isSlow: boolean): Promise<void> {
    if (isSlow) {
      await this.#clock.sleep(this.#faults.slowSeconds, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
    }
    this.#queue.push(work);
    if (isSlow) this.#dispatch();
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

  async #work(runner: NodeRunner, work: NodeWork): Promise<void> {
    const node = this.#nodeOf(work.partition);
    const answer = await this.#answer(runner, node, work);
    const reply = work.lies ? lie(answer, work.instruction) : answer;
    this.#idle.push(runner);
    if (this.#closing.signal.aborted) return;
    this.#deliver(reply, work);
    const next = node.waiting!.shift();
    if (next === undefined) node.waiting = undefined;
    else this.#begin(node, next);
    this.#dispatch();
  }

  /** Keeps a reply until it is pulled. */
  #deliver(reply: Message, { instruction }: Job): void {
    // A reply is not fetched after the instruction's ttl.
    if (!this.#isLate(instruction)) {
      this.#replies.set(instruction.metadata.messageId, reply);
      this.#replyBytes += arrayBytes(reply);
    }
    for (const wake of this.#waiting) wake();
  }

  async #answer(
    runner: NodeRunner,
    node: NodeMemory,
    { partition, instruction, seed, fold, lies }: NodeWork,
  ): Promise<Message> {
    const { nodes, runConfig, runId, failed } = this.#options;
    const { dstNodeId } = instruction.metadata;
    if (this.#isLate(instruction)) {
      const reason = "The instruction expired before its node was simulated";
      return this.#failed(instruction, MessageErrorCode.MessageUnavailable, reason);
    }
    try {
      const context = {
        runId,
        nodeId: dstNodeId,
        nodeConfig: nodes.nodeConfig(partition),
        state: node.state ?? new RecordDict(),
        runConfig: new ConfigRecord(runConfig),
      };
      const { reply, state, failure, folded } = await runner.run(
        instruction,
        context,
        seed,
        this.#closing.signal,
        // A lie is made here, of the whole reply.
        lies ? undefined : fold,
      );
      if (folded !== undefined) fold!.record(reply, folded);
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
