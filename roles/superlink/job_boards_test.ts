import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { LinkRun } from "../../entities/run.ts";
import { JobBoards, LOOK_SECONDS } from "./job_boards.ts";

Deno.test("JobBoards: a run that is over gets no new board", async () => {
  const boards = new JobBoards(() => {});
  const board = boards.of(1n);
  assert.equal(boards.of(1n), board);
  assert.equal(typeof board.join(1), "string");
  boards.end(1n);
  assert.equal(board.join(1), "ended");
  // A call that was admitted while the run went on.
  assert.equal(boards.of(1n).join(1), "ended");
  const { signal } = new AbortController();
  const job = { contentId: "c", content: new Uint8Array(1), input: new Uint8Array(1) };
  await assert.rejects(boards.of(1n).run(job, signal), { code: "cancelled" });
  // Nobody has asked for its board before.
  boards.end(2n);
  assert.equal(boards.of(2n).join(1), "ended");
  assert.equal(boards.size, 0);
});

Deno.test("JobBoards: a SuperLink that stops ends no run", () => {
  const boards = new JobBoards(() => {});
  const board = boards.of(1n);
  boards.stop();
  assert.throws(() => board.join(1), { code: "unavailable" });
  assert.throws(() => boards.of(2n).join(1), { code: "unavailable" });
  assert.equal(boards.size, 0);
});

Deno.test("JobBoards: runs that another SuperLink ended, or took over, keep no board and no content", async () => {
  const boards = new JobBoards(() => {});
  const clock = new FakeClock();
  const stopping = new AbortController();
  const runs = new Map<bigint, Partial<LinkRun>>();
  let isDown = false;
  const following = boards.followStore(
    (runId) => {
      if (isDown) return Promise.reject(new FlwrError("unavailable", "the store is gone"));
      return Promise.resolve(runs.get(runId) as LinkRun | undefined);
    },
    stopping.signal,
    clock,
  );
  const look = async () => {
    await clock.advance(LOOK_SECONDS);
    await settle();
  };
  const job = { contentId: "c", content: new Uint8Array(1), input: new Uint8Array(1) };
  const failures = [1n, 2n, 3n, 4n].map((runId) => {
    runs.set(runId, { state: "running" });
    return boards.of(runId).run(job, new AbortController().signal).catch(({ code }) => code);
  });
  await look();
  assert.equal(boards.size, 4);
  runs.set(1n, { state: "finished:stopped" });
  runs.delete(2n);
  runs.set(3n, { state: "running", isElsewhere: true });
  isDown = true;
  await look();
  assert.equal(boards.size, 4);
  isDown = false;
  await look();
  assert.equal(boards.size, 1);
  assert.deepEqual(await Promise.all(failures.slice(0, 3)), Array(3).fill("cancelled"));
  assert.equal(boards.of(1n).join(1), "ended");
  // Run 3 may come back here.
  assert.equal(typeof boards.of(3n).join(1), "string");
  stopping.abort();
  await following;
  boards.stop();
});
