import { FlwrError } from "../../base/error.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { eventually } from "../../tests/support/deadline.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { Stage } from "../../tests/support/stage.ts";
import { openControl, registerNodes } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import type { Comparison } from "../support/comparison.ts";
import { takeTurns } from "../support/turns.ts";

const NODES = 2;
/** After so many seconds a run is given up. */
const LIMIT_SECONDS = 240;

const APPS = {
  flwr: repositoryPath("bench/current/apps/typescript"),
  python: repositoryPath("bench/current/apps/python"),
};

/** Whose programs take part in a run. */
export interface Cast {
  readonly superLink: FlowerSide;
  /** Whose SuperNodes, `flwr run`, ServerApp and ClientApps. */
  readonly others: FlowerSide;
}

/**
 * Measures runs that are submitted with `flwr run`: from the start of that command until the SuperLink counts the run
 * as finished. SuperNodes are online before; the apps are new to all.
 *
 * @param rounds of training and evaluation
 */
export async function measureSubmittedRuns(
  flwr: FlowerSide,
  python: FlowerSide,
  { credentials, rounds, repeat }: { credentials: Credentials; rounds: number; repeat: number },
): Promise<Comparison[]> {
  const casts: Cast[] = [
    { superLink: flwr, others: flwr },
    { superLink: flwr, others: python },
    { superLink: python, others: python },
  ];
  const turns = await takeTurns(
    casts,
    repeat,
    (cast) => submittedRun(cast, credentials, rounds),
  );
  const all = turns.map(([, , seconds]) => seconds!);
  const common = { unit: "s", better: "less" } as const;
  return [
    {
      ...common,
      measure: `${rounds} rounds, submit to finished: all of it this project's`,
      goal: 30,
      values: { flwr: turns.map(([seconds]) => seconds!), python: all },
    },
    {
      ...common,
      measure:
        `${rounds} rounds, submit to finished: Python's apps and SuperNodes on this SuperLink`,
      goal: 1.5,
      values: { flwr: turns.map(([, seconds]) => seconds!), python: all },
    },
  ];
}

/** One run. @returns seconds */
export async function submittedRun(
  { superLink: linkSide, others }: Cast,
  credentials: Credentials,
  rounds: number,
): Promise<number> {
  await using stage = await Stage.open();
  try {
    const place = { stage, credentials };
    const { http } = await linkSide.startSuperLink(place);
    await registerNodes(http, credentials, NODES);
    for (let node = 1; node <= NODES; node++) await others.startSuperNode(place, http, node);
    const flwr = await others.command(place, http);
    using control = await openControl(http, credentials);

    const submitted = Date.now() / 1000;
    const command = flwr.start(["run", APPS[others.side], "here", "-c", `num-rounds=${rounds}`]);
    if (!(await command.ended(LIMIT_SECONDS)).success) throw failed("flwr run failed");
    const run = await eventually(
      async () => {
        const { items } = await control.listRuns();
        return items.find(({ status }) => status === "finished");
      },
      LIMIT_SECONDS,
      "the run to finish",
    );
    if (run.subStatus !== "completed") throw failed(`The run ${run.subStatus}: ${run.details}`);
    return run.finishedAt! - submitted;
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}

function failed(words: string): FlwrError {
  return new FlwrError("internal", words);
}
