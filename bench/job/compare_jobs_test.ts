import assert from "node:assert/strict";
import type { FederatedRun } from "../support/federated_run.ts";
import { compareJobs } from "./compare_jobs.ts";

function run(wallSeconds: number, accuracies: number[]): FederatedRun {
  const roles = { superLink: 1, superNode: 2, serverApp: 3 };
  return {
    wallSeconds,
    history: { rounds: accuracies.length, seconds: wallSeconds - 1, accuracies },
    superNodeCpuSeconds: 2 * wallSeconds,
    readySeconds: roles,
    peakBytes: { superLink: 1e8, superNode: 2e8, serverApp: 3e8 },
  };
}

Deno.test("compareJobs: a row for the time, for each round's accuracy, for each role", () => {
  const comparisons = compareJobs(
    [run(5, [0.28, 0.39]), run(6, [0.29, 0.4])],
    [run(60, [0.27, 0.38]), run(66, [0.26, 0.37])],
  );
  const shown = Object.fromEntries(comparisons.map(({ measure, values }) => [measure, values]));
  assert.equal(comparisons.length, 11);
  assert.deepEqual(shown["wall time of the ServerApp"], { flwr: [5, 6], python: [60, 66] });
  assert.deepEqual(shown["of it before the first round and after the last"], {
    flwr: [1, 1],
    python: [1, 1],
  });
  assert.deepEqual(shown["processor time of the SuperNodes"], {
    flwr: [10, 12],
    python: [120, 132],
  });
  assert.deepEqual(shown["accuracy on test images after round 2"], {
    flwr: [0.39, 0.4],
    python: [0.38, 0.37],
  });
  assert.deepEqual(shown["start of the SuperNode"], { flwr: [2, 2], python: [2, 2] });
  assert.deepEqual(shown["peak memory of a ServerApp"], { flwr: [300, 300], python: [300, 300] });
});
