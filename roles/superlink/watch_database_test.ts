import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { settle } from "../../base/testing/settle.ts";
import { Readiness } from "../../rpc/readiness.ts";
import { watchDatabase } from "./watch_database.ts";

type Answer = "answers" | "fails" | "is silent";

function watched() {
  const [clock, readiness, end] = [new FakeClock(), new Readiness(), new AbortController()];
  let answer: Answer = "answers";
  let pings = 0;
  let release = () => {};
  const ping = async () => {
    pings++;
    if (answer === "fails") throw new Error("away");
    if (answer === "is silent") await new Promise<void>((resolve) => release = resolve);
  };
  const ended = watchDatabase({ ping, readiness, clock, signal: end.signal });
  /** Lets looks pass, with the same answer. @returns the state after each */
  const looks = async (how: Answer, count: number) => {
    answer = how;
    if (how === "answers") release();
    const states: boolean[] = [];
    for (let look = 0; look < count; look++) {
      await settle();
      await clock.advance(1);
      await settle();
      states.push(readiness.isReady);
    }
    return states;
  };
  return { looks, clock, end, ended, pings: () => pings };
}

Deno.test("a database that fails for four looks makes the SuperLink unready, until two answers", async () => {
  const { looks, end, ended } = watched();
  assert.deepEqual(await looks("answers", 3), [true, true, true]);
  // The first question of each series was asked before.
  await looks("fails", 1);
  assert.deepEqual(await looks("fails", 5), [true, true, true, false, false]);
  await looks("answers", 1);
  assert.deepEqual(await looks("answers", 3), [false, true, true]);
  end.abort();
  await ended;
});

Deno.test("a connection that comes and goes changes nothing", async () => {
  const { looks, end, ended } = watched();
  for (let time = 0; time < 5; time++) {
    assert.ok((await looks("fails", 3)).every(Boolean));
    assert.ok((await looks("answers", 1)).every(Boolean));
  }
  await looks("fails", 6);
  for (let time = 0; time < 5; time++) {
    assert.ok(!(await looks("answers", 1)).some(Boolean));
    assert.ok(!(await looks("fails", 1)).some(Boolean));
  }
  end.abort();
  await ended;
});

Deno.test("a silent database is asked once, and counts as unreachable", async () => {
  const { looks, end, ended, pings } = watched();
  await looks("is silent", 1);
  const before = pings();
  assert.equal((await looks("is silent", 6)).at(-1), false);
  assert.ok(pings() - before <= 1, `${pings() - before} questions`);
  assert.equal((await looks("answers", 3)).at(-1), true);
  end.abort();
  await ended;
});

Deno.test("a process that stood still for a minute has looked once", async () => {
  const { looks, clock, end, ended } = watched();
  await looks("fails", 2);
  await clock.advance(1);
  assert.deepEqual(await looks("answers", 2), [true, true]);
  end.abort();
  await ended;
});
