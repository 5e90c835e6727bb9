import assert from "node:assert/strict";
import { meanWait, waitProbability, waitQuantile } from "./erlang_c.ts";
import {
  exponential,
  poissonArrivals,
  quantile,
  seeded,
  serveEach,
  serveTogether,
} from "./simulate.ts";

const ARRIVALS = 200_000;
const SEED = 0x5ca1e;

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  const off = Math.abs(actual - expected) / expected;
  assert.ok(off <= tolerance, `${what}: ${actual}, expected ${expected} (seed ${SEED})`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Times from arrival to the beginning of the service. */
function waits(
  queue: { arrivals: number; service: number; servers: number },
  distribution: "exponential" | "constant",
): number[] {
  const draw = seeded(SEED);
  const arrivals = poissonArrivals(queue.arrivals, ARRIVALS, draw);
  const services: number[] = [];
  const ends = serveEach(arrivals, queue.servers, () => {
    const time = distribution === "constant" ? queue.service : exponential(queue.service, draw);
    services.push(time);
    return time;
  });
  return ends.map((end, place) => end - services[place]! - arrivals[place]!);
}

Deno.test("Erlang's C formula gives the values of its tables", () => {
  // With one server, an arrival waits as often as the server is busy.
  assert.equal(waitProbability({ arrivals: 0.7, service: 1, servers: 1 }), 0.7);
  // Two servers: C = 2ρ² / (1 + ρ) for the utilisation ρ.
  const two = waitProbability({ arrivals: 1.6, service: 1, servers: 2 });
  assert.ok(Math.abs(two - 2 * 0.8 ** 2 / 1.8) < 1e-12);
  assert.equal(meanWait({ arrivals: 2, service: 1, servers: 2 }), Infinity);
  assert.equal(waitQuantile({ arrivals: 0.1, service: 1, servers: 4 }, 0.5), 0);
});

for (const [servers, used] of [[1, 0.5], [2, 0.8], [8, 0.7]] as const) {
  Deno.test(`the simulation agrees with Erlang's C formula: ${servers} servers, ${used} used`, () => {
    const queue = { arrivals: used * servers / 0.01, service: 0.01, servers };
    const simulated = waits(queue, "exponential");
    assertNear(mean(simulated), meanWait(queue), 0.08, "mean wait");
    assertNear(quantile(simulated, 0.99), waitQuantile(queue, 0.99), 0.08, "99 % wait");
    const share = simulated.filter((wait) => wait > 1e-12).length / simulated.length;
    assertNear(share, waitProbability(queue), 0.06, "share that waits");
  });
}

Deno.test("with constant service times, waits are half as long (Pollaczek and Khinchine)", () => {
  const queue = { arrivals: 70, service: 0.01, servers: 1 };
  assertNear(mean(waits(queue, "constant")), meanWait(queue) / 2, 0.05, "mean wait");
});

Deno.test("together, arrivals beyond the rate of single transactions are served in time", () => {
  const arrivals = poissonArrivals(1_000, 20_000, seeded(SEED));
  const time = { each: 0.002, perItem: 0.0001, most: 1_000 };
  const ends = serveTogether(arrivals, 2, time);
  const times = ends.map((end, place) => end - arrivals[place]!);
  // One by one, 1,000 arrivals per second would need 2.1 s of each second.
  assert.ok(quantile(times, 0.99) < 0.02, `${quantile(times, 0.99)}`);
  assert.ok(Math.min(...times) >= 0.0021 - 1e-9);
  // Alone, each takes a transaction.
  const alone = [1, 2, 3];
  const [first, , last] = serveTogether(alone, 2, time);
  assert.ok(Math.abs(first! - 1.0021) < 1e-9 && Math.abs(last! - 3.0021) < 1e-9);
  // At most so many share one.
  const crowd = serveTogether(new Array(5).fill(0), 1, { each: 1, perItem: 0, most: 2 });
  assert.deepEqual(crowd, [1, 1, 2, 2, 3]);
});
