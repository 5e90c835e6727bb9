import assert from "node:assert/strict";
import type { Process } from "./process.ts";

/** How long a run of three rounds with real Flower processes may take, in seconds. */
const RUN_SECONDS = 90;
/** Sums of the same numbers in another order differ by this much at most, relatively. */
const METRIC_TOLERANCE = 1e-12;

/** What a ServerApp of the tests, in either language, writes when its last round is over. */
export interface RunResult {
  /** The final arrays, to the bit. */
  weights: { dtype: string; shape: number[]; bytes: string }[];
  rounds: {
    round: number;
    /** How many training results were aggregated. */
    results: number;
    train: { mean: number };
    loss: number;
    evaluate: { double: number };
  }[];
}

/** Waits for a ServerApp to end well and reads what it wrote. */
export async function runResult(serverApp: Process, file: string): Promise<RunResult> {
  const status = await serverApp.ended(RUN_SECONDS);
  assert.equal(status.code, 0, `${serverApp.name} exits with 0`);
  return JSON.parse(await Deno.readTextFile(file));
}

/** Asserts that two runs had the same rounds and ended with the same weights, bit for bit. */
export function assertSameRun(actual: RunResult, expected: RunResult): void {
  assert.deepEqual(actual.weights, expected.weights, "final weights equal bit for bit");
  const counts = ({ rounds }: RunResult) =>
    rounds.map(({ round, results }) => ({ round, results }));
  assert.deepEqual(counts(actual), counts(expected));
  for (const [index, round] of actual.rounds.entries()) {
    const other = expected.rounds[index]!;
    assertClose(round.train.mean, other.train.mean, `train metric of round ${round.round}`);
    assertClose(round.loss, other.loss, `loss of round ${round.round}`);
    assertClose(round.evaluate.double, other.evaluate.double, `metric of round ${round.round}`);
  }
}

function assertClose(actual: number, expected: number, what: string): void {
  const difference = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(difference <= METRIC_TOLERANCE, `${what}: ${actual}, expected ${expected}`);
}

/** Asserts that a process told people what happened, not where in the program. */
export function assertNoStackTrace(process: Process): void {
  const traces = process.lines.filter((line) => /^\s+at /.test(line));
  assert.deepEqual(traces, [], `${process.name} prints no stack trace`);
}
