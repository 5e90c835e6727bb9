/** What goes wrong: SuperLinks are killed and cut off from the database, and the database is started again. */
import { type Random, seededRandom } from "../../../base/random.ts";
import type { Federation } from "./federation.ts";

/** When things go wrong. */
export interface FaultPlan {
  /** Of the choices. */
  readonly seed: number;
  /** Seconds between two kills of a SuperLink. */
  readonly killSeconds: number;
  /** Number of kills (default: as many as there is time for). */
  readonly maxKills?: number;
  /** Seconds for which a SuperLink is cut off from the database. */
  readonly cutSeconds: number;
  /** Seconds after the start at which one is cut off, and at which the database is started again. */
  readonly cutsAt: readonly number[];
  readonly restartsAt: readonly number[];
}

/** Numbers of the faults that happened. */
export interface FaultCounts {
  kills: number;
  cuts: number;
  restarts: number;
  /** When the database crashed, in Unix milliseconds. */
  readonly crashes: number[];
}

/** Lets things go wrong until the signal, then waits until every part is back. */
export async function disturb(
  federation: Federation,
  plan: FaultPlan,
  signal: AbortSignal,
  say: (line: string) => void = () => {},
): Promise<FaultCounts> {
  // A generator for each kind, so that the choices do not depend on how long the steps take.
  const choices = ([1, 2, 3] as const).map((kind) => seededRandom(plan.seed * 4 + kind));
  const counts: FaultCounts = { kills: 0, cuts: 0, restarts: 0, crashes: [] };
  const start = performance.now();
  const tell = (line: string) =>
    say(`${((performance.now() - start) / 1000).toFixed(1)} s: ${line}`);
  const until = (second: number) => pause(second - (performance.now() - start) / 1000, signal);
  const { replicas, postgres } = federation;

  const kill = async (random: Random) => {
    const { killSeconds, maxKills = Infinity } = plan;
    while (counts.kills < maxKills && await pause(killSeconds, signal)) {
      const index = choose(random, replicas.length);
      tell(`SuperLink ${index} is killed`);
      await replicas[index]!.kill();
      counts.kills++;
    }
  };
  const cut = async (random: Random) => {
    for (const second of plan.cutsAt) {
      const { proxy } = replicas[choose(random, replicas.length)]!;
      const isHeld = choose(random, 2) === 0;
      if (!await until(second)) return;
      tell(`A SuperLink's connection to the database is ${isHeld ? "held" : "refused"}`);
      isHeld ? proxy.hold() : proxy.stop();
      await pause(plan.cutSeconds, signal);
      isHeld ? proxy.release() : proxy.start();
      counts.cuts++;
    }
  };
  const restart = async (random: Random) => {
    for (const second of plan.restartsAt) {
      const how = choose(random, 2) === 0 ? "fast" : "immediate";
      if (!await until(second)) return;
      tell(`The database is started again (${how})`);
      if (how === "immediate") counts.crashes.push(Date.now());
      await postgres.restart(how);
      counts.restarts++;
    }
  };
  await Promise.all([kill(choices[0]!), cut(choices[1]!), restart(choices[2]!)]);
  return counts;
}

function choose(random: Random, count: number): number {
  return Math.floor(random.uniform() * count);
}

/** @returns false if the signal ended it */
async function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, seconds * 1000));
    signal.addEventListener("abort", end);
  });
  return !signal.aborted;
}
