import assert from "node:assert/strict";
import { settle } from "../../../base/testing/settle.ts";
import { Pool } from "./pool.ts";
import type { Reconnecting } from "./reconnect.ts";

/** Connections that are never made, and count how often they were closed. */
function connections(size: number): { all: Reconnecting[]; closed: () => number } {
  let closed = 0;
  const all = Array.from({ length: size }, () => ({
    close: () => {
      closed++;
      return Promise.resolve();
    },
  } as Reconnecting));
  return { all, closed: () => closed };
}

Deno.test("a pool's connections have one work each, in the order of the calls", async () => {
  const { all } = connections(2);
  const pool = new Pool(all, 10);
  const begun: [name: string, connection: number][] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string) =>
    pool.run((connection) => {
      begun.push([name, all.indexOf(connection)]);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const works = ["a", "b", "c", "d"].map(run);
  await settle();
  assert.deepEqual(begun, [["a", 0], ["b", 1]]);
  ends.get("b")!();
  await settle();
  ends.get("a")!();
  await settle();
  assert.deepEqual(begun.slice(2), [["c", 1], ["d", 0]]);
  for (const name of ["c", "d"]) ends.get(name)!();
  await Promise.all(works);
  // The first connection is used first, so the others are made only if they are needed.
  const last = run("e");
  await settle();
  assert.deepEqual(begun.at(-1), ["e", 0]);
  ends.get("e")!();
  await last;
});

Deno.test("a work that fails gives its connection back", async () => {
  const pool = new Pool(connections(1).all, 10);
  await assert.rejects(pool.run(() => Promise.reject(new Error("failed"))), /failed/);
  assert.equal(await pool.run(() => Promise.resolve(1)), 1);
});

Deno.test("a pool refuses more waiting works than its limit", async () => {
  const pool = new Pool(connections(1).all, 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = pool.run(() => promise);
  const waiting = pool.run(() => promise);
  await assert.rejects(pool.run(() => promise), { code: "unavailable" });
  resolve();
  await Promise.all([running, waiting]);
  await pool.run(() => promise);
});

Deno.test("a pool closes after the work that came before", async () => {
  const { all, closed } = connections(2);
  const pool = new Pool(all, 10);
  const { promise, resolve } = Promise.withResolvers<number>();
  const works = Array.from({ length: 3 }, () => pool.run(() => promise));
  const closing = pool.close();
  await assert.rejects(pool.run(() => promise), { code: "unavailable" });
  await settle();
  assert.equal(closed(), 0);
  resolve(7);
  assert.deepEqual(await Promise.all(works), [7, 7, 7]);
  await closing;
  assert.equal(closed(), 2);
});
