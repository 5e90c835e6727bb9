import assert from "node:assert/strict";
import { JobBoards } from "./job_boards.ts";

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
