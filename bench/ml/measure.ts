import type { Comparison, Side } from "../support/comparison.ts";
import { readMemory } from "../support/process_facts.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { takeTurns } from "../support/turns.ts";
import { Peer, type Sides, type Work } from "./peer.ts";

/** How a benchmark is run. */
export interface BenchOptions extends Sides {
  /** Turns of each side; one more, which does not count, warms up. */
  readonly repeat: number;
}

const SIDES: readonly Side[] = ["flwr", "python"];

/** How often the memory of a process that trains is read, in milliseconds. */
const MEMORY_INTERVAL_MILLISECONDS = 20;

/** Lets contestants take turns, warmed up. @returns for each contestant a value per turn */
async function inTurns<C>(
  contestants: readonly C[],
  repeat: number,
  measure: (contestant: C) => Promise<number>,
): Promise<number[][]> {
  const [, ...turns] = await takeTurns(contestants, repeat + 1, measure);
  return contestants.map((_, i) => turns.map((results) => results[i]!));
}

/** The same work by both sides, each in a process of its own that stays for all turns. */
async function inProcesses(
  { repeat, ...sides }: BenchOptions,
  work: Work,
  measure: (peer: Peer) => Promise<number>,
): Promise<Comparison["values"]> {
  await using stack = new AsyncDisposableStack();
  const peers: Peer[] = [];
  for (const side of SIDES) peers.push(stack.use(await Peer.start(side, sides, work)));
  const [flwr, torch] = await inTurns(peers, repeat, measure);
  return { flwr: flwr!, python: torch! };
}

/** Examples per second of training, or of evaluation. */
export function rates(
  options: BenchOptions,
  work: Work,
  act: "train" | "evaluate" = "train",
): Promise<Comparison["values"]> {
  return inProcesses(options, work, (peer) => peer[act]());
}

/** The most megabytes in RAM that each side has been seen to hold while it trains. */
export function memory(options: BenchOptions, work: Work): Promise<Comparison["values"]> {
  return inProcesses(options, work, async (peer) => {
    let most = 0;
    const look = async () => {
      most = Math.max(most, (await readMemory(peer.pid))?.resident ?? 0);
    };
    const timer = setInterval(look, MEMORY_INTERVAL_MILLISECONDS);
    try {
      await peer.train();
      await look();
    } finally {
      clearInterval(timer);
    }
    return most / 1e6;
  });
}

/** Seconds from a process' start until it has trained its examples once. */
export async function start(
  { repeat, ...sides }: BenchOptions,
  work: Work,
): Promise<Comparison["values"]> {
  const [flwr, torch] = await inTurns(SIDES, repeat, async (side) => {
    const seconds = stopwatch();
    await using peer = await Peer.start(side, sides, work);
    await peer.train();
    return seconds();
  });
  return { flwr: flwr!, python: torch! };
}

/**
 * Examples per second of two processes of one kind that train at the same time, together, until the later one is done.
 *
 * @param kinds which take turns
 * @returns for each kind a rate per turn
 */
export async function together(
  { repeat, ...sides }: BenchOptions,
  kinds: readonly { readonly side: Side; readonly work: Work }[],
): Promise<number[][]> {
  await using stack = new AsyncDisposableStack();
  const pairs: (readonly [Peer, Peer])[] = [];
  for (const { side, work } of kinds) {
    const peer = async () => stack.use(await Peer.start(side, sides, work));
    pairs.push([await peer(), await peer()]);
  }
  return await inTurns(pairs, repeat, async (pair) => {
    const seconds = stopwatch();
    await Promise.all(pair.map((peer) => peer.train()));
    return 2 * pair[0].work.examples / seconds();
  });
}
