/** Gives pseudo-random numbers from 0 to 1, excluding 1. */
export type Draw = () => number;

/** A generator of reproducible pseudo-random numbers (mulberry32). @param seed 32 bits */
export function seeded(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An exponentially distributed time. */
export function exponential(mean: number, draw: Draw): number {
  return -mean * Math.log(1 - draw());
}

/** Arrival times of a Poisson process, in seconds. @param rate per second */
export function poissonArrivals(rate: number, count: number, draw: Draw): number[] {
  let now = 0;
  return Array.from({ length: count }, () => now += exponential(1 / rate, draw));
}

/**
 * Serves arrivals one by one, in their order, at the first of several servers that is free (G/G/k).
 *
 * @param arrivals ascending times in seconds
 * @param service gives the time of each service
 * @returns when each service ended, in the order of the arrivals
 */
export function serveEach(
  arrivals: readonly number[],
  servers: number,
  service: () => number,
): number[] {
  const free = new Array<number>(servers).fill(0);
  return arrivals.map((arrival) => {
    let first = 0;
    for (let server = 1; server < servers; server++) {
      if (free[server]! < free[first]!) first = server;
    }
    return free[first] = Math.max(arrival, free[first]!) + service();
  });
}

/** How long one transaction takes, in seconds: a part for itself, and one for each call that shares it. */
export interface BatchTime {
  readonly each: number;
  readonly perItem: number;
  readonly most: number;
}

/**
 * Serves arrivals together, as the SuperLinks do with heartbeats: whoever waits for one of the processes shares its next
 * transaction, and the database runs the transactions of all processes one at a time.
 *
 * @param arrivals ascending times in seconds; the processes take turns with them
 * @returns when each transaction ended, in the order of the arrivals
 */
export function serveTogether(
  arrivals: readonly number[],
  processes: number,
  { each, perItem, most }: BatchTime,
): number[] {
  const ends = new Array<number>(arrivals.length);
  const next = Array.from({ length: processes }, (_, process) => process);
  let free = 0;
  for (;;) {
    // The process that has waited the longest has the next turn.
    let turn = -1;
    for (const [process, place] of next.entries()) {
      if (place >= arrivals.length) continue;
      if (turn < 0 || arrivals[place]! < arrivals[next[turn]!]!) turn = process;
    }
    if (turn < 0) return ends;
    const begins = Math.max(free, arrivals[next[turn]!]!);
    const batch: number[] = [];
    for (
      let place = next[turn]!;
      place < arrivals.length && arrivals[place]! <= begins && batch.length < most;
      place += processes
    ) {
      batch.push(place);
    }
    next[turn] = batch.at(-1)! + processes;
    free = begins + each + perItem * batch.length;
    for (const place of batch) ends[place] = free;
  }
}

/** A value that a share of the values does not exceed. @param share from 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? NaN;
}
