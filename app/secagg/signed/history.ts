import { FlwrError } from "../../../base/error.ts";
import { ConfigRecord } from "../../config_record.ts";
import type { RecordDict } from "../../record_dict.ts";
import { readIds } from "../records.ts";
import { HISTORY_RECORD } from "./records.ts";

/**
 * Maximum number of runs that a node's state remembers. Runs of one series share a state. The oldest run is forgotten
 * first.
 */
const MAX_RUNS = 1_000;

/** A node's rounds in a run. */
interface RunHistory {
  /** The last round in which it sent a vector. */
  readonly round: number;
  /** The number of rounds in which it did. */
  readonly sent: number;
}

/**
 * Checks that a node may take part in a round: it sent no vector in this round of the run, or in a later one. The sums of
 * one round over two sets of nodes would show the difference between them.
 *
 * @param maxRounds maximum number of rounds of a run in which the node sends a vector
 * @throws FlwrError "failed-precondition" otherwise
 */
export function checkHistory(
  state: RecordDict,
  { runId, round, maxRounds }: {
    readonly runId: bigint;
    readonly round: number;
    readonly maxRounds: number;
  },
): void {
  const { round: last, sent } = readHistory(state).get(runId) ?? { round: 0, sent: 0 };
  if (round <= last) {
    throw new FlwrError(
      "failed-precondition",
      `Secure aggregation: this node sent its vector in round ${last} of this run already, and takes part in later ` +
        `rounds only: got round ${round}`,
    );
  }
  if (sent < maxRounds) return;
  throw new FlwrError(
    "failed-precondition",
    `Secure aggregation: this node sent its vector in ${sent} rounds of this run already, and maxRounds is ${maxRounds}`,
    { hints: ["Train for fewer rounds, or raise maxRounds of secureAggregationMod"] },
  );
}

/** Records that a node sends its vector in a round. Call it before the vector leaves the node. */
export function addToHistory(state: RecordDict, runId: bigint, round: number): void {
  const history = readHistory(state);
  const sent = (history.get(runId)?.sent ?? 0) + 1;
  // The run becomes the newest one.
  history.delete(runId);
  const entries = [...history, [runId, { round, sent }] as const].slice(-MAX_RUNS);
  const record = new ConfigRecord({
    runs: entries.map(([id]) => id),
    rounds: entries.map(([, one]) => one.round),
    sent: entries.map(([, one]) => one.sent),
  });
  state.set(HISTORY_RECORD, record);
}

function readHistory(state: RecordDict): Map<bigint, RunHistory> {
  const record = state.configRecords.get(HISTORY_RECORD);
  if (record === undefined) return new Map();
  const [rounds, sent] = [readIds(record, "rounds"), readIds(record, "sent")];
  return new Map(
    readIds(record, "runs").map((runId, i) =>
      [runId, { round: Number(rounds[i]), sent: Number(sent[i]) }] as const
    ),
  );
}
