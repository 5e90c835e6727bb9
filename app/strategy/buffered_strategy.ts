import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { checkCount } from "../../base/check_option.ts";
import type { Answered, Exchange } from "../exchange.ts";
import { float } from "../float.ts";
import type { Grid, NodeFilter } from "../grid.ts";
import type { PhaseRecord, Result } from "../result.ts";
import type { ReplyCollector } from "./collector.ts";
import { ComposedStrategy, type ComposedStrategyOptions } from "./composed_strategy.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import { phaseOf, type PhaseRound, type Round } from "./round/round.ts";
import { runRounds, type StartOptions } from "./run_strategy.ts";
import { roundRandom, sampleNodes } from "./selection/sampling.ts";
import type { StalenessWeight } from "./staleness/staleness.ts";
import type { TrainOutcome } from "./strategy.ts";

/** Options of strategies that do not wait for the slowest node. */
export interface BufferedOptions
  extends Omit<ComposedStrategyOptions, "selection" | "evaluateSelection" | "acceptFailures"> {
  /** Number of nodes that train at the same time, from 1. Infinity means all online nodes (default Infinity). */
  readonly concurrency?: number;
  /** Number of nodes that must be online before the run begins, from 1 (default 2). */
  readonly minAvailableNodes?: number;
  /** Nodes that may be asked, by id and name (default: all). */
  readonly where?: NodeFilter;
  /** Weight of an update by its staleness (default: `polynomialStaleness()`). */
  readonly staleness?: StalenessWeight;
  /** Largest accepted staleness of an update, from 0. Older updates are refused (default Infinity). */
  readonly maxStaleness?: number;
  /** Seed for the choice among free nodes. Each version has its own generator (default: random). */
  readonly seed?: number;
}

/** The unanswered instructions, and the version that each node received. */
interface Flight {
  readonly exchange: Exchange;
  readonly out: Map<NodeId, PhaseRound>;
}

/** A reply to be merged, with the versions that it relates to. */
export interface Update {
  /** The accepted reply. */
  readonly reply: CheckedReply;
  /** The reply's weight by staleness, from 0 to 1. */
  readonly scale: number;
  /** The version that the node received. */
  readonly base: PhaseRound;
  /** The current version. */
  readonly current: PhaseRound;
}

/**
 * A strategy whose driver does not wait for the slowest node. A number of instructions are always unanswered. The
 * accepted replies of `bufferSize` different nodes make a new version of the model. A node that has replied is asked
 * again only for the next version, with its model, so a fast node has at most one update in a version, like every other
 * node. If all online nodes have replied, the version is made from fewer replies. A round is a version: `numRounds` is
 * the number of versions, `evaluateFn` and `stopWhen` are called after each, and the history has a record for each.
 *
 * The version travels in the instruction's config as `model-version`, from 0, and in its group id, which comes back
 * with the reply. `timeout` applies to each instruction. A reply that fails, or whose weight is 0, is a failure of its
 * node and does not count; if no reply counts, the version ends without a new model. Nodes are not asked to evaluate.
 * The metrics of a version include the mean of its updates' `staleness`.
 *
 * A checkpoint contains the model of the last version, and no instructions. Instructions that are unanswered when a run
 * is interrupted are lost with their updates, and a resumed run asks all nodes for its next version. So its result
 * equals that of an uninterrupted run, bit for bit, only if every instruction is answered when a version is made: with
 * `concurrency` 1 and a buffer of 1, or a buffer that waits for all nodes.
 */
export abstract class BufferedStrategy extends ComposedStrategy {
  readonly #options: Required<
    Pick<BufferedOptions, "concurrency" | "minAvailableNodes" | "maxStaleness">
  >;
  readonly #where: NodeFilter | undefined;
  readonly #staleness: StalenessWeight;
  readonly #bufferSize: number;
  readonly #weightedByKey: string;
  readonly #seed: number | undefined;

  /**
   * Creates the strategy.
   *
   * @param bufferSize number of nodes whose accepted replies make a new version, from 1
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor(
    { concurrency = Infinity, minAvailableNodes = 2, maxStaleness = Infinity, ...options }:
      & BufferedOptions
      & { readonly staleness: StalenessWeight },
    bufferSize: number,
  ) {
    super(options);
    if (concurrency !== Infinity) checkCount("concurrency", concurrency, 1);
    if (maxStaleness !== Infinity) checkCount("maxStaleness", maxStaleness, 0);
    checkCount("minAvailableNodes", minAvailableNodes, 1);
    checkCount("bufferSize", bufferSize, 1);
    this.#options = { concurrency, minAvailableNodes, maxStaleness };
    this.#where = options.where;
    this.#staleness = options.staleness;
    this.#bufferSize = bufferSize;
    this.#weightedByKey = options.weightedByKey ?? "num-examples";
    this.#seed = options.seed;
  }

  /** The reply to aggregate. Its arrays are the current model, moved by the update. */
  protected abstract merge(update: Update): CheckedReply;

  /**
   * Runs until `numRounds` versions have been made.
   *
   * @param grid the access to the nodes
   * @returns the final model and the history of the versions
   * @throws FlwrError "failed-precondition" when no training led to a version, "cancelled" by the signal
   */
  override start(grid: Grid, options: StartOptions = {}): Promise<Result> {
    const { minAvailableNodes } = this.#options;
    let flight: Flight | undefined;
    return runRounds(
      {
        name: this.name,
        state: this,
        initialArrays: (grid, options) => this.initialArrays(grid, options),
        round: async (roundOf, timeout) => {
          const { signal } = options;
          if (flight === undefined) {
            await grid.waitForNodes(minAvailableNodes, { signal, where: this.#where });
            flight = { exchange: grid.open([], { timeout, signal }), out: new Map() };
          }
          const round = roundOf(options.trainConfig);
          const { outcome, record } = await this.#version(round, flight);
          grid.report({ type: "phase-finished", round: round.number, phase: record });
          return { arrays: outcome.arrays, train: record };
        },
      },
      grid,
      options,
    );
  }

  /** Makes one version: sends instructions, and takes replies until there are enough. */
  async #version(
    round: Round,
    { exchange, out }: Flight,
  ): Promise<{ outcome: TrainOutcome; record: PhaseRecord }> {
    const { grid, signal, number } = round;
    const start = grid.clock.now();
    const collector = this.collector(round);
    const current = phaseOf(round, "train");
    const random = roundRandom(this.#seed, current);
    const config = this.trainConfig(round).set("model-version", number - 1);
    // The nodes that have replied, including with failures. Each replies once per version.
    const answeredBy = new Set<NodeId>();
    let [staleness, available] = [0, 0];
    while (collector.size < this.#bufferSize) {
      const online = await grid.waitForNodes(out.size + answeredBy.size === 0 ? 1 : 0, {
        signal,
        where: this.#where,
      });
      available = Math.max(available, online.length);
      const free = online.filter((nodeId) => !out.has(nodeId) && !answeredBy.has(nodeId));
      const count = Math.min(free.length, Math.max(0, this.#options.concurrency - out.size));
      const nodeIds = sampleNodes(free, count, random);
      for (const nodeId of nodeIds) out.set(nodeId, current);
      await exchange.send(this.instruct(round, "train", config, nodeIds));
      const answered = await exchange.nextAnswered();
      if (answered === undefined) break; // every online node has replied
      const nodeId = answered.instruction.metadata.dstNodeId;
      const base = out.get(nodeId)!;
      out.delete(nodeId);
      answeredBy.add(nodeId);
      const accepted = collector.size;
      this.#add(answered, base, current, collector);
      if (collector.size > accepted) staleness += number - base.number;
    }
    const outcome = collector.finish();
    const metrics = outcome.metrics?.set("staleness", float(staleness / collector.size));
    const { results, failures, aggregated } = outcome;
    const nodeIds = [...answeredBy].sort((a, b) => a < b ? -1 : 1);
    const times = { seconds: grid.clock.now() - start };
    return {
      outcome,
      record: {
        phase: "train",
        nodeIds,
        available,
        results,
        failures,
        aggregated,
        metrics,
        ...times,
      },
    };
  }

  #add(
    { reply }: Answered,
    base: PhaseRound,
    current: PhaseRound,
    collector: ReplyCollector,
  ): void {
    const age = current.number - base.number;
    const { maxStaleness } = this.#options;
    collector.add(reply, base, (accepted) => {
      // It would fill a place in the buffer without contributing.
      if (accepted.weight === 0) {
        throw new FlwrError("invalid-argument", `metric "${this.#weightedByKey}" is 0`);
      }
      if (age > maxStaleness) {
        throw new FlwrError(
          "invalid-argument",
          `its model is ${age} versions old, at most ${maxStaleness} are accepted (maxStaleness)`,
        );
      }
      return this.merge({ reply: accepted, scale: this.#staleness(age), base, current });
    });
  }
}
