import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Message } from "../message.ts";
import { releaseMessage } from "../message_memory.ts";
import type { MetricRecord } from "../metric_record.ts";
import { adoptTensor } from "../nd_array.ts";
import type { Failure } from "../result.ts";
import type { Aggregate, Aggregation, Aggregator } from "./aggregator/aggregator.ts";
import { isWeightedMean } from "./aggregator/mean.ts";
import type { ModelTypes } from "./arrays/finite_model.ts";
import { normScratch, updateNorm } from "./arrays/update_norm.ts";
import { type LateCheck, lateCheckOf } from "./contract/model_contract.ts";
import type { CheckedReply, ReplyContract } from "./contract/reply_contract.ts";
import { contentWithoutArrays } from "./fold/fold_reply.ts";
import { formatNorm, inOrder, largestUpdate } from "./contract/update_bound.ts";
import type { Postprocessor } from "./postprocessor/postprocessor.ts";
import type { PhaseRound, Tensors } from "./round/round.ts";
import { applyAtOnce } from "./rule/element_rule.ts";
import type { RuleState } from "./rule/rule_state.ts";
import type { ServerRule } from "./rule/server_rule.ts";
import type { ReplyFold } from "./fold/reply_fold.ts";
import type { PhaseOutcome, TrainOutcome } from "./strategy.ts";

/**
 * Maximum number of replies that a round leaves out, one after another, to get a finite model. After that, the old
 * model stays.
 */
const MAX_EXCLUDED_REPLIES = 10;

/** Elements up to this size are finite in each type that nodes may have, float16 among them, also after rounding. */
const SAFE_LARGEST = 65_000;

/** What a collector needs of its strategy. */
export interface CollectorParts {
  readonly contract: ReplyContract;
  readonly aggregator: Aggregator;
  readonly rule: ServerRule;
  readonly postprocessors: readonly Postprocessor[];
  readonly state: RuleState;
  readonly types: ModelTypes;
  readonly weightedByKey: string;
  readonly acceptFailures: boolean;
  /** Largest total size of the replies that are held, in bytes, if the aggregator streams. */
  readonly maxHeldBytes: number;
  /** Adds the replies where they are made (default: they are added here). */
  readonly fold?: ReplyFold | undefined;
  /** Aggregates the metrics of replies in ascending order of node id. */
  readonly aggregateMetrics: (
    replies: readonly CheckedReply[],
    weightedByKey: string,
  ) => MetricRecord;
}

/** Collects the replies of one training, and computes the new model from them: see `ComposedStrategy.collector`. */
export interface ReplyCollector {
  /** Number of accepted replies. */
  readonly size: number;
  /** Number of replies that were not accepted. */
  readonly failures: number;
  /**
   * Checks a reply, and holds it or adds it to the aggregate.
   *
   * @param round the round that the reply answers, if it is an earlier one
   * @param adjust changes the accepted reply before it is held or added; a FlwrError refuses it
   */
  add(message: Message, round?: PhaseRound, adjust?: (reply: CheckedReply) => CheckedReply): void;
  /** The new model, and the aggregate of the metrics. */
  finish(): TrainOutcome;
}

/** Collects the replies of one training. */
export class Collector implements ReplyCollector {
  readonly #round: PhaseRound;
  readonly #parts: CollectorParts;
  readonly #scratch = normScratch();
  readonly #failures: Failure[] = [];
  /** The accepted replies; without their arrays once the aggregation has begun. */
  #accepted: CheckedReply[] = [];
  #heldBytes = 0;
  #streaming: Aggregation | undefined;
  #largest: { readonly nodeId: NodeId; readonly norm: number } | undefined;

  /** How the values of held replies are checked, until they are. */
  #late: LateCheck | undefined;

  /** @param checksLate whether the values of replies may be checked when they are aggregated */
  constructor(round: PhaseRound, parts: CollectorParts, checksLate: boolean) {
    this.#round = round;
    this.#parts = parts;
    const { acceptFailures, postprocessors, aggregator, contract } = parts;
    const isUsed = checksLate && acceptFailures && postprocessors.length === 0;
    if (isUsed && isWeightedMean(aggregator)) this.#late = lateCheckOf(contract);
  }

  /** Number of accepted replies. */
  get size(): number {
    return this.#accepted.length;
  }

  /** Number of replies that were not accepted. */
  get failures(): number {
    return this.#failures.length;
  }

  add(
    message: Message,
    round: PhaseRound = this.#round,
    adjust: (reply: CheckedReply) => CheckedReply = (reply) => reply,
  ): void {
    const nodeId = message.metadata.srcNodeId;
    if (message.error !== undefined) {
      this.#failures.push({ nodeId, ...message.error });
      return;
    }
    if (this.#parts.fold !== undefined) return this.#addFolded(message, this.#parts.fold);
    try {
      const checked = this.#late === undefined
        ? checkMessage(message, round, this.#parts)
        : this.#late.checkForm(message, round);
      this.#accept(adjust(checked));
      // What was added is not needed any more; what is held is.
      if (this.#streaming !== undefined) releaseMessage(message);
    } catch (error) {
      this.#refuse(nodeId, error);
    }
  }

  /** The new model, and the aggregate of the metrics. */
  finish(): TrainOutcome {
    this.#accepted.sort(byNodeId);
    const certain = this.#late && this.#aggregateUnchecked(this.#late);
    if (certain === undefined) this.#checkHeld();
    if (!hasWeight(this.#accepted)) return weightless(this.#accepted, this.#failures, this.#parts);
    const added = this.#parts.fold ?? this.#streaming;
    return added === undefined ? this.#fromHeld(certain) : this.#fromStream(added);
  }

  /** The aggregate of the held replies, if it shows that their values are acceptable; undefined if it does not. */
  #aggregateUnchecked(late: LateCheck): Aggregate | undefined {
    if (!hasWeight(this.#accepted)) return undefined;
    const aggregate = this.#aggregate(this.#accepted);
    const { largest = NaN } = aggregate;
    return late.acceptsUpTo(largest, this.#round) ? aggregate : undefined;
  }

  /** Checks the values of the held replies, if they were not checked on arrival. */
  #checkHeld(): void {
    const late = this.#late;
    if (late === undefined) return;
    this.#late = undefined;
    this.#accepted = this.#accepted.flatMap((reply) => {
      try {
        return [late.checkValues(reply, this.#round)];
      } catch (error) {
        this.#refuse(reply.nodeId, error);
        this.#heldBytes -= bytesOf(reply);
        return [];
      }
    });
  }

  #refuse(nodeId: CheckedReply["nodeId"], error: unknown): void {
    if (!(error instanceof FlwrError)) throw error;
    this.#failures.push({ nodeId, reason: `Reply rejected: ${error.message}` });
  }

  #aggregate(replies: readonly CheckedReply[]): Aggregate {
    const aggregation = this.#parts.aggregator.begin(this.#round, replies);
    for (const reply of replies) aggregation.accumulate(reply);
    return aggregation.finish();
  }

  /** Takes a reply that is added to a fold, with what is left of it. */
  #addFolded(message: Message, fold: ReplyFold): void {
    const nodeId = message.metadata.srcNodeId;
    const outcome = fold.outcomeOf(message);
    if ("refused" in outcome) {
      this.#failures.push({ nodeId, reason: `Reply rejected: ${outcome.refused}` });
      return;
    }
    const { weight, norm } = outcome;
    const content = contentWithoutArrays(message);
    const [metrics] = content.metricRecords.values();
    this.#accepted.push({ nodeId, weight, tensors: new Map(), metrics: metrics!, content });
    this.#observe(nodeId, norm);
    releaseMessage(message);
  }

  #accept(reply: CheckedReply): void {
    const { aggregator, maxHeldBytes } = this.#parts;
    if (this.#streaming === undefined) {
      this.#accepted.push(reply);
      this.#heldBytes += bytesOf(reply);
      if (!aggregator.streams || this.#heldBytes <= maxHeldBytes) return;
      this.#checkHeld();
      if (this.#heldBytes <= maxHeldBytes) return;
      this.#streaming = aggregator.begin(this.#round);
      this.#accepted = this.#accepted.map((held) => this.#stream(held));
    } else this.#accepted.push(this.#stream(reply));
  }

  /** Adds a reply to the aggregate, and returns it without its arrays. */
  #stream(reply: CheckedReply): CheckedReply {
    this.#streaming!.accumulate(reply);
    this.#observe(reply.nodeId, updateNorm(this.#round.sent, reply.tensors, this.#scratch));
    return {
      ...reply,
      tensors: new Map<string, Tensor>(),
      content: contentWithoutArrays(reply),
    };
  }

  /** Remembers the largest update. If norms are equal, the lower node id is named, whatever the order of arrival. */
  #observe(nodeId: NodeId, norm: number): void {
    const largest = this.#largest;
    if (
      largest === undefined || norm > largest.norm ||
      norm === largest.norm && nodeId < largest.nodeId
    ) this.#largest = { nodeId, norm };
  }

  /**
   * Leaves out the largest updates, one after the other, until the new model is finite.
   *
   * @param certain the aggregate of all accepted replies, if it is known
   */
  #fromHeld(certain: Aggregate | undefined): TrainOutcome {
    const excluded: Failure[] = [];
    let remaining: readonly CheckedReply[] = this.#accepted;
    while (excluded.length <= MAX_EXCLUDED_REPLIES && hasWeight(remaining)) {
      const failures = inOrder([...this.#failures, ...excluded]);
      const spoilt = this.#unlessAccepted(remaining, failures);
      if (spoilt !== undefined) return spoilt;
      const aggregate = certain !== undefined && remaining === this.#accepted
        ? certain
        : this.#aggregate(remaining);
      const made = this.#make(aggregate);
      if (made.unused !== undefined) return unused(remaining, failures, made.unused);
      if (made.arrays !== undefined) return this.#outcome(made, remaining, failures);
      const { reply, norm } = largestUpdate(this.#round.sent, remaining);
      const reason =
        `Reply rejected: its update is the largest (norm ${formatNorm(norm)}) of those ` +
        `whose aggregate is not finite: ${made.problem}`;
      excluded.push({ nodeId: reply.nodeId, reason });
      remaining = remaining.filter((other) => other !== reply);
    }
    const failures = inOrder([...this.#failures, ...excluded]);
    return { results: [], failures, aggregated: false };
  }

  /** A reply that was added can no longer be left out, so if the model is not finite, the old one stays. */
  #fromStream(aggregation: Pick<Aggregation, "finish">): TrainOutcome {
    const failures = inOrder(this.#failures);
    const spoilt = this.#unlessAccepted(this.#accepted, failures);
    if (spoilt !== undefined) return spoilt;
    const made = this.#make(aggregation.finish());
    if (made.unused !== undefined) return unused(this.#accepted, failures, made.unused);
    if (made.arrays !== undefined) return this.#outcome(made, this.#accepted, failures);
    const { nodeId, norm } = this.#largest!;
    const reason = `The old model stays, because the new one is not finite: ${made.problem}. ` +
      `This node's update is the largest (norm ${formatNorm(norm)})`;
    return { results: [], failures: inOrder([...failures, { nodeId, reason }]), aggregated: false };
  }

  /** The outcome if failures keep the old model; undefined if they are accepted. */
  #unlessAccepted(
    replies: readonly CheckedReply[],
    failures: readonly Failure[],
  ): TrainOutcome | undefined {
    if (failures.length === 0 || this.#parts.acceptFailures) return undefined;
    return { results: replies.map(({ nodeId }) => nodeId), failures, aggregated: false };
  }

  /** The new model, if it and the state are finite; otherwise the state stays unchanged. */
  #make(made: Aggregate): {
    readonly arrays?: ArrayRecord;
    readonly problem?: string;
    /** The reason why there is no aggregate. */
    readonly unused?: string;
    readonly nodeIds?: Aggregate["nodeIds"];
  } {
    const { postprocessors, rule, state, types } = this.#parts;
    let aggregate = made;
    if (aggregate.problem !== undefined) return { unused: aggregate.problem };
    for (const postprocessor of postprocessors) {
      aggregate = postprocessor.onAggregate?.(aggregate, this.#round) ?? aggregate;
    }
    const { nodeIds } = aggregate;
    const certain = applyAtOnce(rule, this.#round, aggregate.arrays, state);
    if (certain !== undefined) return { arrays: adopt(certain), nodeIds };
    const model: Tensors = rule.apply(this.#round, aggregate.arrays, state);
    const isCertain = postprocessors.length === 0 && model === aggregate.arrays &&
      (aggregate.largest ?? Infinity) <= SAFE_LARGEST;
    const problem = (isCertain ? undefined : types.notFinite(model)) ?? state.notFinite();
    if (problem === undefined) state.keepDrafts();
    else state.dropDrafts();
    return problem === undefined ? { arrays: adopt(model), nodeIds } : { problem };
  }

  #outcome(
    { arrays, nodeIds }: { readonly arrays?: ArrayRecord; readonly nodeIds?: Aggregate["nodeIds"] },
    replies: readonly CheckedReply[],
    failures: readonly Failure[],
  ): TrainOutcome {
    const used = nodeIds && new Set(nodeIds);
    const chosen = used === undefined ? replies : replies.filter(({ nodeId }) => used.has(nodeId));
    const results = chosen.map(({ nodeId }) => nodeId);
    const metrics = this.#parts.aggregateMetrics(chosen, this.#parts.weightedByKey);
    return { results, failures, aggregated: true, metrics, arrays };
  }
}

/** Aggregates the metrics of an evaluation's replies. */
export function collectMetrics(
  round: PhaseRound,
  replies: readonly Message[],
  parts: Pick<CollectorParts, "contract" | "weightedByKey" | "acceptFailures" | "aggregateMetrics">,
): PhaseOutcome {
  const accepted: CheckedReply[] = [];
  const failures: Failure[] = [];
  for (const message of replies) {
    const nodeId = message.metadata.srcNodeId;
    try {
      if (message.error !== undefined) failures.push({ nodeId, ...message.error });
      else accepted.push(parts.contract.check(message, round));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      failures.push({ nodeId, reason: `Reply rejected: ${error.message}` });
    }
  }
  accepted.sort(byNodeId);
  if (!hasWeight(accepted)) return weightless(accepted, failures, parts);
  const results = accepted.map(({ nodeId }) => nodeId);
  const outcome = { results, failures: inOrder(failures) };
  if (failures.length > 0 && !parts.acceptFailures) return { ...outcome, aggregated: false };
  const metrics = parts.aggregateMetrics(accepted, parts.weightedByKey);
  return { ...outcome, aggregated: true, metrics };
}

function checkMessage(
  message: Message,
  round: PhaseRound,
  { contract, postprocessors }: CollectorParts,
): CheckedReply {
  let content = message.content;
  for (const { decode } of postprocessors) content = decode?.(content, round) ?? content;
  const decoded = content === message.content ? message : message.withContent(content);
  let reply = contract.check(decoded, round);
  for (const { onReply } of postprocessors) reply = onReply?.(reply, round) ?? reply;
  return reply;
}

/** Refuses all replies if all their weights are 0, because they have no average. */
function weightless(
  accepted: readonly CheckedReply[],
  failures: readonly Failure[],
  { weightedByKey }: Pick<CollectorParts, "weightedByKey">,
): PhaseOutcome {
  const reason = `Reply rejected: metric "${weightedByKey}" is 0 in every reply`;
  const refused = accepted.map(({ nodeId }) => ({ nodeId, reason }));
  return { results: [], failures: inOrder([...failures, ...refused]), aggregated: false };
}

/** The outcome of replies that an aggregator could not use. */
function unused(
  replies: readonly CheckedReply[],
  failures: readonly Failure[],
  problem: string,
): PhaseOutcome {
  const reason = `Reply not used: ${problem}`;
  const all = inOrder([...failures, ...replies.map(({ nodeId }) => ({ nodeId, reason }))]);
  return { results: [], failures: all, aggregated: false };
}

/** The new model as a record. Nothing changes its tensors after this. */
function adopt(model: Tensors): ArrayRecord {
  return new ArrayRecord(Array.from(model, ([name, tensor]) => [name, adoptTensor(tensor)]));
}

function hasWeight(replies: readonly CheckedReply[]): boolean {
  return replies.some(({ weight }) => weight > 0);
}

function bytesOf({ tensors }: CheckedReply): number {
  return tensors.values().reduce((sum, { data }) => sum + data.byteLength, 0);
}

function byNodeId(a: CheckedReply, b: CheckedReply): number {
  return a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0;
}
