import assert from "node:assert/strict";
import type { AppEvent, JournalRecord } from "../../../entities/journal.ts";
import { RunRounds } from "./run_rounds.ts";

/** Metrics as an app may report them: as many as the journal takes. */
const METRICS = Object.fromEntries(Array.from({ length: 100 }, (_, nth) => [`metric-${nth}`, nth]));

function rounds() {
  const rounds = new RunRounds();
  let sequence = 0;
  const add = (event: AppEvent) =>
    rounds.add({ ...event, sequence: ++sequence, at: 1000 + sequence, runId: 1n } as JournalRecord);
  return { rounds, add };
}

/** The number of metrics of all rounds. */
function valuesOf(rounds: RunRounds): number {
  return rounds.rounds(0).rounds.flatMap(({ server, phases }) => [
    server,
    ...phases.map(({ metrics }) => metrics),
  ]).reduce((sum, metrics) => sum + Object.keys(metrics ?? {}).length, 0);
}

Deno.test("RunRounds: an app that reports many metrics takes the place of its own old rounds", () => {
  const { rounds: kept, add } = rounds();
  const last = 900;
  for (let round = 1; round <= last; round++) {
    add({ kind: "round-started", data: { round, rounds: last } });
    for (const phase of ["train", "evaluate"] as const) {
      // Again, as in a run that was interrupted.
      for (let time = 0; time < 2; time++) {
        add({ kind: "phase-started", data: { round, phase, asked: 1, available: 1 } });
        const counts = { seconds: 1, results: 1, failures: 0, aggregated: true };
        add({ kind: "phase-finished", data: { round, phase, ...counts, metrics: METRICS } });
      }
    }
    add({ kind: "server-evaluated", data: { round, seconds: 1, metrics: METRICS } });
    add({ kind: "server-evaluated", data: { round, seconds: 1, metrics: METRICS } });
  }
  const values = valuesOf(kept);
  assert.ok(values <= 200_000 && values > 199_000, `${values}`);
  assert.equal(kept.rounds(0).rounds.at(-1)?.round, last);
});

Deno.test("RunRounds: nodes with many metrics take the place of old answers", () => {
  const { rounds: kept, add } = rounds();
  const answers = 5_100;
  for (let round = 1; round <= answers; round++) {
    const data = { round, phase: "train", messageType: "train", seconds: 1, metrics: METRICS };
    add({ kind: "node-replied", nodeId: 7n, data } as AppEvent);
  }
  assert.deepEqual(kept.answers(100), []);
  assert.equal(kept.answers(answers).length, 1);
  assert.equal(kept.answers(101).length, 1);
});

Deno.test("RunRounds: a long error is cut", () => {
  const { rounds: kept, add } = rounds();
  const error = { code: 1, reason: "x".repeat(1000) };
  const data = { round: 1, phase: "train", messageType: "train", seconds: 1, error };
  add({ kind: "node-replied", nodeId: 7n, data } as AppEvent);
  assert.equal(kept.answers(1)[0]?.error?.length, 500);
});
