import type { Credentials } from "../../tests/support/credentials.ts";
import type { Comparison } from "../support/comparison.ts";
import { federatedRun } from "../support/federated_run.ts";
import { takeTurns } from "../support/turns.ts";
import { instantContestants } from "./instant_contestants.ts";

const NODES = 2;
/** Rounds of each side: about as many as take ten seconds, for Flower 1.9 sleeps for seconds in each. */
const FLWR_ROUNDS = 100;
const PYTHON_ROUNDS = 3;
/** After so many seconds a run is given up. */
const LIMIT_SECONDS = 120;

/** Measures rounds with two clients that answer at once: a round's time outside training, and rounds per second. */
export async function measureRounds(
  python: string,
  credentials: Credentials,
  repeat: number,
): Promise<Comparison[]> {
  const contestants = instantContestants({
    python,
    nodes: NODES,
    flwrRounds: FLWR_ROUNDS,
    pythonRounds: PYTHON_ROUNDS,
  });
  const turns = await takeTurns(contestants, repeat, async (contestant) => {
    const options = { credentials, nodes: NODES, limitSeconds: LIMIT_SECONDS };
    const { history } = await federatedRun(contestant, options);
    return history.seconds / history.rounds;
  });
  const flwr = turns.map(([seconds]) => seconds!);
  const pythons = turns.map(([, seconds]) => seconds!);
  return [
    {
      measure: "a round outside training",
      unit: "s",
      better: "less",
      values: { flwr, python: pythons },
    },
    {
      measure: "rounds with instant clients",
      unit: "rounds/s",
      better: "more",
      values: { flwr: flwr.map((seconds) => 1 / seconds), python: pythons.map((s) => 1 / s) },
    },
  ];
}
