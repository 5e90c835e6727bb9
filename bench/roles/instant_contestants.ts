import { repositoryPath } from "../../tests/support/repository.ts";
import type { Contestant } from "../support/contestant.ts";
import { flwrContestant } from "../support/flwr_contestant.ts";
import { pythonContestant } from "../support/python_contestant.ts";

const FOLDER = repositoryPath("bench/roles/instant");

/** How long the runs are. */
export interface InstantOptions {
  /** The Python of an environment with Flower 1.9.0. */
  readonly python: string;
  /** For how many nodes the ServerApps wait. */
  readonly nodes: number;
  /** Rounds of each side. */
  readonly flwrRounds: number;
  readonly pythonRounds: number;
}

/** Both sides with apps whose training takes no time: what is left is what the framework itself takes. */
export function instantContestants(options: InstantOptions): [Contestant, Contestant] {
  const { python, nodes, flwrRounds, pythonRounds } = options;
  return [
    flwrContestant({
      folder: FOLDER,
      nodeConfig: "",
      runConfig: `num-rounds=${flwrRounds} min-nodes=${nodes}`,
    }),
    pythonContestant({
      python,
      folder: FOLDER,
      env: { NODES: String(nodes), ROUNDS: String(pythonRounds) },
    }),
  ];
}
