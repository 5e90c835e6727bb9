import { compareRoles } from "../support/by_role.ts";
import type { Comparison } from "../support/comparison.ts";
import type { FederatedRun } from "../support/federated_run.ts";

/**
 * What the runs of both sides took, and how accurate their models were.
 *
 * @param flwr this project's run of each turn
 * @param python the peer's, of the same turns
 */
export function compareJobs(
  flwr: readonly FederatedRun[],
  python: readonly FederatedRun[],
): Comparison[] {
  const values = <T>(pick: (run: FederatedRun) => T) => ({
    flwr: flwr.map(pick),
    python: python.map(pick),
  });
  const rounds = flwr[0]!.history.accuracies;
  return [
    {
      measure: "wall time of the ServerApp",
      unit: "s",
      better: "less",
      values: values(({ wallSeconds }) => wallSeconds),
    },
    {
      measure: "of it before the first round and after the last",
      unit: "s",
      better: "less",
      values: values(({ wallSeconds, history }) => wallSeconds - history.seconds),
    },
    {
      measure: "processor time of the SuperNodes",
      unit: "s",
      better: "less",
      values: values(({ superNodeCpuSeconds }) => superNodeCpuSeconds),
    },
    ...rounds.map((_, round): Comparison => ({
      measure: `accuracy on test images after round ${round + 1}`,
      unit: "fraction",
      better: "neither",
      values: values(({ history }) => history.accuracies[round]!),
    })),
    ...compareRoles("start of the", "s", values(({ readySeconds }) => readySeconds)),
    ...compareRoles("peak memory of a", "MB", values(({ peakBytes }) => peakBytes)),
  ];
}
