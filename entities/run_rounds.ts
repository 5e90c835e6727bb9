import type { JournalError, JournalMetrics, JournalPhase, JournalRecord } from "./journal.ts";

/** A node's part in a phase. Times are Unix times, durations seconds. */
export interface NodePart {
  readonly nodeId: bigint;
  readonly at: number;
  readonly metrics?: JournalMetrics;
  readonly error?: JournalError;
}

/** A phase of a round. */
export interface RunPhase {
  readonly phase: JournalPhase;
  /** Unix time of its end, or of its last reply so far. */
  at: number;
  /** Duration in seconds; undefined if it has not ended. */
  seconds?: number;
  /** The aggregated metrics, if the ServerApp reported them. */
  metrics?: JournalMetrics;
  /** The replies of nodes; of a node that replied several times, all. */
  readonly nodes: NodePart[];
}

/** A round of a run, as the journal tells it. */
export interface RunRound {
  /** Number of the strategy among those of the run, from 1. */
  readonly strategy: number;
  readonly round: number;
  /** Unix time of its last record. */
  at: number;
  /** Duration in seconds; undefined if it has not ended. */
  seconds?: number;
  train?: RunPhase;
  evaluate?: RunPhase;
  /** The metrics of the ServerApp's own evaluation. Round 0 is before the first round. */
  server?: JournalMetrics;
  privacy?: JournalMetrics;
}

/**
 * The rounds of a run, in order.
 *
 * Our ServerApps report their rounds. Those of Python do not, so their rounds are derived from the instructions that were
 * answered: a round begins with each training that follows an evaluation, that has a group of its own, or that goes to a
 * node which was in the round before.
 *
 * @param records all records of one run, oldest first
 */
export function roundsOf(records: readonly JournalRecord[]): RunRound[] {
  const isReported = records.some(({ kind }) => kind === "strategy-started");
  return isReported ? reportedRounds(records) : derivedRounds(records);
}

function reportedRounds(records: readonly JournalRecord[]): RunRound[] {
  const rounds: RunRound[] = [];
  let strategy = 0;
  const roundAt = (number: number, at: number): RunRound => {
    let round = rounds.findLast((known) => known.strategy === strategy && known.round === number);
    if (round === undefined) {
      rounds.push(round = { strategy: Math.max(1, strategy), round: number, at });
    }
    round.at = at;
    return round;
  };
  const phaseAt = (number: number, phase: JournalPhase, at: number): RunPhase => {
    const round = roundAt(number, at);
    const found = round[phase] ??= { phase, at, nodes: [] };
    found.at = at;
    return found;
  };
  for (const { kind, at, nodeId, data } of records) {
    switch (kind) {
      case "strategy-started":
        strategy++;
        break;
      case "round-started":
        roundAt(data.round, at);
        break;
      case "node-replied": {
        const { round, phase, metrics, error } = data;
        if (round === undefined || phase === undefined || nodeId === undefined) break;
        phaseAt(round, phase, at).nodes.push({
          nodeId,
          at,
          ...(metrics && { metrics }),
          ...(error && { error }),
        });
        break;
      }
      case "phase-finished": {
        const { seconds, metrics } = data;
        Object.assign(phaseAt(data.round, data.phase, at), {
          seconds,
          ...(metrics && { metrics }),
        });
        break;
      }
      case "server-evaluated":
        roundAt(data.round, at).server = data.metrics;
        break;
      case "privacy-spent":
        roundAt(data.round, at).privacy = { epsilon: data.epsilon, delta: data.delta };
        break;
      case "round-finished":
        roundAt(data.round, at).seconds = data.seconds;
        break;
    }
  }
  return rounds;
}

/** An answered instruction of training or evaluation. */
interface Settled {
  readonly nodeId: bigint;
  readonly at: number;
  readonly pushedAt: number;
  readonly phase: JournalPhase;
  readonly groupId: string;
  readonly error?: JournalError;
}

function derivedRounds(records: readonly JournalRecord[]): RunRound[] {
  const rounds: RunRound[] = [];
  let group: string | undefined;
  let began = 0;
  for (const { nodeId, at, pushedAt, phase, groupId, error } of settledOf(records)) {
    const last = rounds.at(-1);
    const isNext = last === undefined || groupId !== group || hasNode(last[phase], nodeId) ||
      (phase === "train" && last.evaluate !== undefined);
    let round = last!;
    if (isNext) {
      const numbered = Number(groupId);
      const isNumber = /^[0-9]{1,9}$/.test(groupId) && numbered > (last?.round ?? 0);
      round = { strategy: 1, round: isNumber ? numbered : (last?.round ?? 0) + 1, at };
      rounds.push(round);
      group = groupId;
      began = pushedAt;
    }
    const part = round[phase] ??= { phase, at, nodes: [] };
    part.nodes.push({ nodeId, at, ...(error && { error }) });
    part.at = Math.max(part.at, at);
    part.seconds = part.at - pushedAt;
    round.at = Math.max(round.at, at);
    round.seconds = round.at - began;
  }
  return rounds;
}

/** The answered instructions in the order in which they were sent. */
function settledOf(records: readonly JournalRecord[]): Settled[] {
  const settled: Settled[] = [];
  for (const { kind, at, nodeId, data } of records) {
    if (kind !== "instruction-answered" && kind !== "instruction-failed") continue;
    const { messageType, groupId, pushedAt, error } = data;
    const [base] = messageType.split(".", 1);
    if (nodeId === undefined || (base !== "train" && base !== "evaluate")) continue;
    settled.push({ nodeId, at, pushedAt, phase: base, groupId, ...(error && { error }) });
  }
  return settled.sort((a, b) => a.pushedAt - b.pushedAt);
}

function hasNode(phase: RunPhase | undefined, nodeId: bigint): boolean {
  return phase?.nodes.some((node) => node.nodeId === nodeId) ?? false;
}
