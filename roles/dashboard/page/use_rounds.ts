import type { RoundRow, Rounds } from "../model/rounds.ts";
import { useResource } from "./resource.ts";

/** The rounds of a run. After the first time, only those that may have changed are asked for. */
export function useRounds(run: string): Rounds | undefined {
  const { data } = useResource<Rounds>(
    `/api/runs/${run}/rounds`,
    ({ runs }) => runs === undefined || runs.includes(run),
    {
      pathAfter: ({ rounds }) => `/api/runs/${run}/rounds?from=${firstOpen(rounds)}`,
      merge: (before, data) => {
        const from = data.rounds[0]?.round ?? Infinity;
        return {
          ...data,
          rounds: [...before.rounds.filter(({ round }) => round < from), ...data.rounds],
        };
      },
    },
  );
  return data;
}

/** The first round that is not over, or the last one: the server's evaluation may follow its end. */
function firstOpen(rounds: readonly RoundRow[]): number {
  const open = rounds.find(({ seconds, round }) => seconds === undefined && round > 0);
  return open?.round ?? rounds.at(-1)?.round ?? 0;
}
