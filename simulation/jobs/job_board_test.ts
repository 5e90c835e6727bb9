import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import type { FlwrError } from "../../base/error.ts";
import { ABSENCE_SECONDS, JobBoard, PATIENCE_SECONDS, type TakenJob } from "./job_board.ts";

const NEVER = new AbortController().signal;
const SOON = { holdSeconds: 0, signal: NEVER };
const LONG = { holdSeconds: 20, signal: NEVER };

const bytes = (...values: number[]) => new Uint8Array(values);

/** Lets everything happen that waits for nothing. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

function jobOf(taken: unknown): TakenJob {
  assert.ok(typeof taken === "object" && taken !== null, `no job: ${taken}`);
  return taken as TakenJob;
}

function boardWith(tell?: (sentence: string) => void) {
  const clock = new FakeClock();
  return { clock, board: new JobBoard({ clock, ...(tell && { tell }) }) };
}

const run = (board: JobBoard, input: number, signal: AbortSignal = NEVER) =>
  board.run({ contentId: "c", content: bytes(9), input: bytes(input) }, signal);

Deno.test("JobBoard: a job goes to the worker that waits, and its answer comes back", async () => {
  const { board } = boardWith();
  const worker = board.join(1);
  const taking = board.take(worker, 0, LONG);
  await settled();
  const answer = run(board, 1);
  const job = jobOf(await taking);
  assert.deepEqual([job.input, job.content], [bytes(1), bytes(9)]);
  board.answer(worker, 0, job.jobId, bytes(7));
  assert.deepEqual(await answer, bytes(7));
  assert.equal(await board.take(worker, 0, SOON), undefined);
  board.close();
});

Deno.test("JobBoard: the jobs of a worker that is gone are handed out again, before the others", async () => {
  const { clock, board } = boardWith();
  const [lost, other] = [board.join(2), board.join(1)];
  const answers = [1, 2, 3].map((input) => run(board, input));
  const leaving = new AbortController();
  const staying = board.stay(lost, { holdSeconds: 20, signal: leaving.signal });
  void board.stay(other, { holdSeconds: 10_000, signal: NEVER });
  const taken = jobOf(await board.take(lost, 0, SOON));
  jobOf(await board.take(lost, 1, SOON));
  await clock.advance(ABSENCE_SECONDS + 1);
  assert.equal(await board.take(lost, 0, SOON), taken, "it is there, and has this job");
  leaving.abort();
  await staying;
  await clock.advance(ABSENCE_SECONDS);
  await settled();
  assert.equal(await board.take(lost, 0, SOON), "unknown");
  for (const input of [1, 2, 3]) {
    const job = jobOf(await board.take(other, 0, SOON));
    assert.deepEqual(job.input, bytes(input));
    board.answer(other, 0, job.jobId, bytes(10 * input));
  }
  assert.deepEqual(await Promise.all(answers), [bytes(10), bytes(20), bytes(30)]);
  // The worker that was given up answers late.
  assert.equal(board.answer(lost, 0, taken.jobId, bytes(99)), "unknown");
  board.close();
});

Deno.test("JobBoard: a worker that comes back in time keeps its jobs", async () => {
  const { clock, board } = boardWith();
  const worker = board.join(1);
  void run(board, 1).catch(() => {});
  const leaving = new AbortController();
  const staying = board.stay(worker, { holdSeconds: 20, signal: leaving.signal });
  const job = jobOf(await board.take(worker, 0, SOON));
  leaving.abort();
  await staying;
  await clock.advance(ABSENCE_SECONDS - 1);
  void board.stay(worker, LONG);
  await clock.advance(ABSENCE_SECONDS);
  await settled();
  assert.equal(await board.take(worker, 0, SOON), job);
  board.close();
});

Deno.test("JobBoard: a caller that has gone gets no job", async () => {
  const { board } = boardWith();
  const worker = board.join(2);
  const gone = new AbortController();
  const taking = board.take(worker, 0, { holdSeconds: 20, signal: gone.signal });
  await settled();
  gone.abort();
  assert.equal(await taking, undefined);
  void run(board, 1).catch(() => {});
  jobOf(await board.take(worker, 1, SOON));
  board.close();
});

Deno.test("JobBoard: jobs fail when no worker comes, until one comes", async () => {
  const told: string[] = [];
  const { clock, board } = boardWith((sentence) => told.push(sentence));
  const failed = (answer: Promise<unknown>) =>
    assert.rejects(answer, (error: FlwrError) => error.code === "failed-precondition");
  const waiting = Promise.all([failed(run(board, 1)), failed(run(board, 2))]);
  assert.equal(told.length, 1);
  await clock.advance(PATIENCE_SECONDS);
  await waiting;
  await failed(run(board, 3));
  const worker = board.join(1);
  const answer = run(board, 4);
  const job = jobOf(await board.take(worker, 0, SOON));
  assert.deepEqual(job.input, bytes(4));
  board.answer(worker, 0, job.jobId, bytes(1));
  await answer;
  board.close();
});

Deno.test("JobBoard: contents are kept for the next jobs, and not for ever", async () => {
  const { board } = boardWith();
  const worker = board.join(1);
  const done = async (contentId: string, content?: Uint8Array) => {
    const answer = board.run({ contentId, content, input: bytes(1) }, NEVER);
    const taken = await board.take(worker, 0, SOON);
    if (taken === undefined) return await answer;
    board.answer(worker, 0, jobOf(taken).jobId, bytes(1));
    return await answer;
  };
  assert.equal(await done("a"), undefined);
  assert.deepEqual(await done("a", bytes(1)), bytes(1));
  assert.deepEqual(await done("a"), bytes(1));
  for (const id of ["b", "c"]) await done(id, bytes(2));
  assert.equal(await done("a"), undefined);
  board.close();
});

Deno.test("JobBoard: the end of the run ends jobs and waits", async () => {
  const { board } = boardWith();
  const worker = board.join(1);
  const waits = [board.take(worker, 0, LONG), board.stay(worker, LONG)];
  await settled();
  const job = run(board, 1);
  const other = assert.rejects(run(board, 2), (error: FlwrError) => error.code === "cancelled");
  jobOf(await waits[0]);
  board.close();
  await assert.rejects(job, (error: FlwrError) => error.code === "cancelled");
  await other;
  assert.equal(await waits[1], "ended");
  assert.equal(await board.take(worker, 0, LONG), "ended");
});
