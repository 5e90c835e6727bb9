import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { NodeLabels } from "../base/node_labels.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { DriverConnection, OnlineNode, PushedFold } from "./connection.ts";
import type { ProgressEvent, ProgressListener } from "./events.ts";
import type { Message } from "./message.ts";
import { Exchange } from "./exchange.ts";
import {
  type MessageId,
  type NodeId,
  type RunId,
  SUPERLINK_NODE_ID,
} from "../entities/metadata.ts";

/** Seconds between two checks for nodes while waiting for more of them. */
const NODE_POLL_INTERVAL_SECONDS = 0.5;

/** Seconds after which an unchanged wait is reported again. */
const WAIT_REPORT_INTERVAL_SECONDS = 10;

/** Timeout of a call. */
export interface WaitOptions {
  /** Timeout in seconds (default: none). */
  readonly timeout?: number;
  /** Ends the wait with a "cancelled" error. */
  readonly signal?: AbortSignal;
}

/** Decides whether a node counts, by its id and its name (which it may have chosen itself, and may lack). */
export type NodeFilter = (node: { readonly nodeId: NodeId; readonly name?: string }) => boolean;

/** Options of {@link Grid.waitForNodes}. */
export interface NodeWaitOptions extends WaitOptions {
  /** Nodes that count (default: all). */
  readonly where?: NodeFilter;
}

/** Options of a Grid. */
export interface GridOptions {
  /** Source of the time (default: the machine's clock). */
  readonly clock?: Clock;
  /** Ends all waits of this grid when the run is stopped. */
  readonly signal?: AbortSignal;
  /** Whether labels of nodes always contain their ids (default: only if needed). */
  readonly showIds?: boolean;
  /** The run's checkpoints, which strategies save after each round (default: none). */
  readonly checkpoints?: Checkpoints;
}

/** A ServerApp's access to its nodes: it lists online nodes, sends messages and collects replies. */
export class Grid {
  /** The run in which messages are sent. */
  readonly runId: RunId;
  /** The source of the time. */
  readonly clock: Clock;
  /** The run's checkpoints; undefined if it has no place to save them. Strategies use it. */
  readonly checkpoints: Checkpoints | undefined;
  readonly #connection: DriverConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #options: GridOptions;
  #listeners = new Set<ProgressListener>();
  #labels: NodeLabels;
  /** The nodes that count as online, if not all. */
  #among: ReadonlySet<NodeId> | undefined;
  /** The nodes that were found last, and their ids in ascending order: a simulation may have 100,000. */
  #found: { readonly nodes: readonly OnlineNode[]; readonly ids: readonly NodeId[] } | undefined;

  /**
   * Creates the access to the nodes of a run. ServerApps receive a grid and need not create one.
   *
   * @param connection the connection to the SuperLink
   * @param runId a run that the connection has created
   */
  constructor(
    connection: DriverConnection,
    runId: RunId,
    options: GridOptions = {},
  ) {
    const { clock = systemClock, signal, showIds = false, checkpoints } = options;
    this.#connection = connection;
    this.runId = runId;
    this.clock = clock;
    this.checkpoints = checkpoints;
    this.#signal = signal;
    this.#options = options;
    this.#labels = new NodeLabels({ withIds: showIds });
  }

  /**
   * The same access, for which only some nodes are online: strategies that wrap another one choose the nodes with it.
   * Events and names are shared.
   */
  among(nodeIds: Iterable<NodeId>): Grid {
    const grid = new Grid(this.#connection, this.runId, this.#options);
    grid.#listeners = this.#listeners;
    grid.#labels = this.#labels;
    grid.#among = new Set(nodeIds);
    return grid;
  }

  /** Returns the nodes that are online now, in ascending order. */
  async nodeIds(): Promise<NodeId[]> {
    const nodes = await this.#connection.nodes(this.runId);
    if (this.#found?.nodes === nodes) return [...this.#found.ids];
    // Nodes that went offline keep their name, because later lines may mention them.
    for (const { nodeId, name } of nodes) this.#labels.set(nodeId, name);
    const ids = nodes.map(({ nodeId }) => nodeId)
      .filter((nodeId) => this.#among?.has(nodeId) ?? true)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    this.#found = { nodes, ids };
    return [...ids];
  }

  /**
   * Returns the name that a node had when {@link nodeIds} last found it online. Names are not unique, and a node may
   * choose its own: identify nodes by their ids.
   *
   * @returns undefined for a node without a name, or one that was never found online
   */
  nodeName(nodeId: NodeId): string | undefined {
    return this.#labels.nameOf(nodeId);
  }

  /**
   * Returns a node's label for lines that people read: its {@link nodeName}, its id if it has no name, or both if
   * several nodes have the same name.
   */
  nodeLabel(nodeId: NodeId): string {
    return this.#labels.of(nodeId);
  }

  /**
   * Waits until enough nodes are online, and reports events while it waits.
   *
   * @param needed number of nodes
   * @returns all nodes that are online then and count, in ascending order
   * @throws FlwrError "deadline-exceeded" after the timeout, "cancelled" by the signal; "failed-precondition" if the
   * nodes of {@link among} can never be enough
   */
  async waitForNodes(needed: number, options: NodeWaitOptions = {}): Promise<NodeId[]> {
    const { timeout = Infinity, where } = options;
    const counts = (nodeId: NodeId) => {
      if (where === undefined) return true;
      const name = this.nodeName(nodeId);
      return where({ nodeId, ...(name !== undefined && { name }) });
    };
    this.#refuseVainWait(needed, counts);
    const start = this.clock.now();
    const seconds = () => this.clock.now() - start;
    let reported = { online: -1, at: 0 };
    for (;;) {
      this.#throwIfAborted(options.signal);
      const ids = (await this.nodeIds()).filter(counts);
      if (ids.length >= needed) return ids;
      if (this.#connection.nodesAreFixed) {
        throw new FlwrError(
          "failed-precondition",
          `The strategy needs ${needed} nodes, and the simulation has ${ids.length} that count`,
          { hints: ["Simulate more nodes, or lower the strategy's minimum numbers of nodes"] },
        );
      }
      const online = ids.length;
      if (online !== reported.online || seconds() - reported.at >= WAIT_REPORT_INTERVAL_SECONDS) {
        reported = { online, at: seconds() };
        this.report({ type: "waiting-for-nodes", online, needed, seconds: seconds() });
      }
      const remaining = timeout - seconds();
      if (remaining <= 0) {
        throw new FlwrError(
          "deadline-exceeded",
          `Not enough nodes are online after ${timeout} s: ${online} of ${needed}`,
          { hints: ["Start more SuperNodes, or lower the strategy's minimum numbers of nodes"] },
        );
      }
      const pause = Math.min(NODE_POLL_INTERVAL_SECONDS, remaining);
      await this.clock.sleep(pause, this.#anySignal(options.signal));
    }
  }

  /**
   * Sends instructions to the SuperLink.
   *
   * @returns their ids in the same order; undefined for an instruction that the SuperLink refused
   */
  push(messages: readonly Message[]): Promise<(MessageId | undefined)[]> {
    return this.#push(messages);
  }

  #push(messages: readonly Message[], fold?: PushedFold): Promise<(MessageId | undefined)[]> {
    const instructions = messages.map((message) =>
      message.withMetadata({ runId: this.runId, srcNodeId: SUPERLINK_NODE_ID })
    );
    return this.#connection.push(this.runId, instructions, fold);
  }

  /**
   * Returns the available replies to the given instructions; empty if there was none while the SuperLink held the call.
   */
  pull(ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]> {
    return this.#connection.pull(this.runId, ids, this.#anySignal(signal));
  }

  /**
   * Sends instructions and waits for their replies.
   *
   * @param options with a timeout, it also limits the ttl of the instructions, so that no node works for a round that
   * is over
   * @returns one reply per instruction, in the same order. A missing reply is an error reply with the reason: refused
   * by the SuperLink, or not answered in time.
   * @throws FlwrError "cancelled" by the signal, "invalid-argument" when the timeout is not above 0
   */
  async sendAndReceive(
    messages: Iterable<Message>,
    options: WaitOptions = {},
  ): Promise<Message[]> {
    return await this.open(messages, options).all();
  }

  /**
   * Sends instructions and hands out their replies one at a time, as they arrive. A reply is fetched when it is asked
   * for, so that a ServerApp that works on one after the other holds one at a time. With a SuperLink of Flower 1.9,
   * which sends all replies that are there in one call, it holds those. Sending begins when the first reply is asked
   * for.
   *
   * @param options the timeout, which counts for each instruction from its sending, also limits the instruction's ttl
   * @returns one reply per instruction; more instructions may follow: {@link Exchange.send}. A missing reply is an error
   * reply with the reason.
   * @throws FlwrError "invalid-argument" when the timeout is not above 0; the iteration "cancelled" by the signal
   *
   * @example
   * ```ts
   * for await (const reply of grid.open(messages, { timeout: 600 })) {
   *   if (reply.hasContent) sum += reply.content.metricRecord("metrics").number("loss");
   * }
   * ```
   */
  open(messages: Iterable<Message>, { timeout = Infinity, signal }: WaitOptions = {}): Exchange {
    if (!(timeout > 0)) {
      throw new FlwrError(
        "invalid-argument",
        `A timeout must be a number of seconds above 0: got ${timeout}`,
      );
    }
    const link = {
      clock: this.clock,
      folds: this.#connection.folds === true,
      push: (instructions: readonly Message[], fold?: PushedFold) =>
        fold === undefined ? this.push(instructions) : this.#push(instructions, fold),
      pullEach: (ids: readonly MessageId[], signal: AbortSignal) => this.#pullEach(ids, signal),
      report: (event: ProgressEvent) => this.report(event),
    };
    return new Exchange(link, [...messages], { timeout, signal: this.#anySignal(signal) });
  }

  async *#pullEach(ids: readonly MessageId[], signal: AbortSignal): AsyncGenerator<Message> {
    const connection = this.#connection;
    if (connection.pullEach !== undefined) yield* connection.pullEach(this.runId, ids, signal);
    else yield* await connection.pull(this.runId, ids, signal);
  }

  /** Reports an event to the listeners. Apps may report lines of their own: `{ type: "note", text }`. */
  report(event: ProgressEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls a listener for all events from now on. @returns a function that unsubscribes it */
  subscribe(listener: ProgressListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([this.#signal, ...signals].filter((signal) => signal !== undefined));
  }

  #refuseVainWait(needed: number, counts: (nodeId: NodeId) => boolean): void {
    if (this.#among === undefined) return;
    const most = [...this.#among].filter(counts).length;
    if (most >= needed) return;
    throw new FlwrError(
      "failed-precondition",
      `A selection waits for ${needed} nodes, but only ${most} of those that it may ask are among ` +
        `the ${this.#among.size} chosen for this round`,
      { hints: ["Let it select from any online nodes, and lower its minimum numbers of nodes"] },
    );
  }

  #throwIfAborted(signal: AbortSignal | undefined): void {
    if (this.#signal?.aborted || signal?.aborted) {
      throw new FlwrError("cancelled", "The run was stopped");
    }
  }
}
