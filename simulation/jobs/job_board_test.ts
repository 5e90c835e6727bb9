import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { FakeClock } from "../../base/clock.ts";
import type { FlwrError } from "../../base/error.ts";
import { MAX_NODES_PER_WORKER, type NodeJob } from "../../entities/node_job.ts";
import {
  ABSENCE_SECONDS,
  ANOTHER_SECONDS,
  JobBoard,
  LATE_SECONDS,
  MAX_BROKEN,
  MAX_HANDS,
  MAX_RUN_SLOTS,
  PATIENCE_SECONDS,
} from "./job_board.ts";

const NEVER = new AbortController().signal;
const SOON = { holdSeconds: 0, signal: NEVER };
const LONG = { holdSeconds: 20, signal: NEVER };

const bytes = (...values: number[]) => new Uint8Array(values);

/** Lets everything happen that waits for nothing. */

function jobOf(taken: unknown): NodeJob {
  assert.ok(typeof taken === "object" && taken !== null, `no job: ${taken}`);
  return taken as NodeJob;
}

function boardWith(tell?: (sentence: string) => void) {
  const clock = new FakeClock();
  return { clock, board: new JobBoard({ clock, ...(tell && { tell }) }) };
}

/** Hands out a job. @returns its output */
const run = async (board: JobBoard, input: number, signal: AbortSignal = NEVER) => {
  const content = { contentId: "c", content: bytes(9) };
  const answer = await board.run({ ...content, input: bytes(input) }, signal);
  answer!.taken();
  return answer!.output;
};

/** Adds a worker that stays until its run ends. */
function joinToStay(board: JobBoard, slots = 1): string {
  const worker = board.join(slots);
  void board.stay(worker, { holdSeconds: 1e9, signal: NEVER });
  return worker;
}

const isCode = (code: string) => (error: FlwrError) => error.code === code;

Deno.test("JobBoard: a job goes to the worker that waits, and its answer comes back", async () => {
  const { board } = boardWith();
  const worker = board.join(1);
  const taking = board.take(worker, 0, LONG);
  await settle();
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
  await settle();
  assert.equal(await board.take(lost, 0, SOON), "unknown");
  for (const input of [1, 2, 3]) {
    const job = jobOf(await board.take(other, 0, SOON));
    assert.deepEqual(job.input, bytes(input));
    await board.answer(other, 0, job.jobId, bytes(10 * input));
  }
  assert.deepEqual(await Promise.all(answers), [bytes(10), bytes(20), bytes(30)]);
  // The worker that was given up answers late.
  assert.equal(await board.answer(lost, 0, taken.jobId, bytes(99)), "unknown");
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
  await settle();
  assert.equal(await board.take(worker, 0, SOON), job);
  board.close();
});

Deno.test("JobBoard: a caller that has gone gets no job", async () => {
  const { board } = boardWith();
  const worker = board.join(2);
  const gone = new AbortController();
  const taking = board.take(worker, 0, { holdSeconds: 20, signal: gone.signal });
  await settle();
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
    void board.answer(worker, 0, jobOf(taken).jobId, bytes(1));
    return (await answer)?.output;
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
  await settle();
  const job = run(board, 1);
  const other = assert.rejects(run(board, 2), (error: FlwrError) => error.code === "cancelled");
  jobOf(await waits[0]);
  board.close();
  await assert.rejects(job, (error: FlwrError) => error.code === "cancelled");
  await other;
  assert.equal(await waits[1], "ended");
  assert.equal(await board.take(worker, 0, LONG), "ended");
});

Deno.test("JobBoard: only the worker that has a job can answer it, and once", async () => {
  const { board } = boardWith();
  const [right, wrong] = [joinToStay(board, 2), joinToStay(board)];
  const answers = [run(board, 1), run(board, 2), run(board, 3)];
  const first = jobOf(await board.take(right, 0, SOON));
  const second = jobOf(await board.take(right, 1, SOON));
  const refused = [
    board.answer(wrong, 0, first.jobId, bytes(66)),
    board.answer(right, 1, first.jobId, bytes(66)),
    // Nobody has it yet.
    board.answer(right, 0, second.jobId + 1, bytes(66)),
    board.answer(right, 0, 2 ** 32 - 1, bytes(66)),
  ];
  assert.deepEqual(await Promise.all(refused), Array(4).fill(undefined));
  await board.answer(right, 0, first.jobId, bytes(1));
  await board.answer(right, 0, first.jobId, bytes(66));
  await board.answer(right, 1, second.jobId, bytes(2));
  const third = jobOf(await board.take(wrong, 0, SOON));
  await board.answer(wrong, 0, third.jobId, bytes(3));
  assert.deepEqual(await Promise.all(answers), [bytes(1), bytes(2), bytes(3)]);
  board.close();
});

Deno.test("JobBoard: a worker has the slots that it joined with, and a run has a bound", async () => {
  const { board } = boardWith();
  const worker = joinToStay(board, 2);
  await assert.rejects(board.take(worker, 2, SOON), isCode("invalid-argument"));
  for (
    let slots = 2;
    slots + MAX_NODES_PER_WORKER <= MAX_RUN_SLOTS;
    slots += MAX_NODES_PER_WORKER
  ) {
    joinToStay(board, MAX_NODES_PER_WORKER);
  }
  assert.throws(() => board.join(MAX_NODES_PER_WORKER), isCode("resource-exhausted"));
  joinToStay(board, MAX_NODES_PER_WORKER - 2);
  assert.throws(() => board.join(1), isCode("resource-exhausted"));
  board.close();
});

Deno.test("JobBoard: a second call for a slot, and a second sign of life, end the first", async () => {
  const { clock, board } = boardWith();
  const worker = board.join(1);
  const calls = [1, 2, 3].map(() => board.take(worker, 0, LONG));
  const stays = [1, 2, 3].map(() => board.stay(worker, { holdSeconds: 100, signal: NEVER }));
  assert.deepEqual(await Promise.all([...calls.slice(0, 2), ...stays.slice(0, 2)]), [
    undefined,
    undefined,
    [],
    [],
  ]);
  // It is still there, by the last sign of life, and the last call gets the job.
  await clock.advance(ABSENCE_SECONDS + 1);
  void run(board, 1).catch(() => {});
  jobOf(await calls[2]);
  board.close();
});

Deno.test("JobBoard: a call of a worker that is gone passes the job on to the next", async () => {
  const { clock, board } = boardWith();
  const lost = board.join(1);
  const taking = board.take(lost, 0, { holdSeconds: 100, signal: NEVER });
  await settle();
  const other = joinToStay(board);
  const next = board.take(other, 0, { holdSeconds: 100, signal: NEVER });
  await clock.advance(ABSENCE_SECONDS);
  assert.equal(await taking, "unknown");
  void run(board, 1).catch(() => {});
  // Without the time moving on.
  jobOf(await next);
  board.close();
});

Deno.test("JobBoard: a job of a worker that hangs is also handed to one that is idle, and one answer counts", async () => {
  const { clock, board } = boardWith();
  const hanging = joinToStay(board, 3);
  const answers = [1, 2, 3].map((input) => run(board, input));
  const jobs = await Promise.all([0, 1, 2].map((slot) => board.take(hanging, slot, SOON)));
  const idle = joinToStay(board);
  assert.equal(await board.take(idle, 0, SOON), undefined);
  const waiting = board.take(idle, 0, { holdSeconds: 2 * LATE_SECONDS, signal: NEVER });
  await settle();
  await clock.advance(LATE_SECONDS);
  const taken = [jobOf(await waiting)];
  await board.answer(idle, 0, taken[0]!.jobId, bytes(1));
  for (const output of [2, 3]) {
    const job = jobOf(await board.take(idle, 0, SOON));
    taken.push(job);
    await board.answer(idle, 0, job.jobId, bytes(output));
  }
  assert.deepEqual(taken, jobs);
  // It wakes up.
  for (const slot of [0, 1, 2]) {
    assert.equal(await board.answer(hanging, slot, taken[slot]!.jobId, bytes(66)), undefined);
  }
  assert.deepEqual(await Promise.all(answers), [bytes(1), bytes(2), bytes(3)]);
  board.close();
});

Deno.test("JobBoard: a worker learns of jobs that need no answer any more", async () => {
  const { clock, board } = boardWith();
  const ending = new AbortController();
  const answer = run(board, 1);
  const cancelled = run(board, 2, ending.signal);
  cancelled.catch(() => {});
  const hanging = board.join(2);
  const staying = () => board.stay(hanging, { holdSeconds: 1e9, signal: NEVER });
  let stay = staying();
  const [first, second] = [
    jobOf(await board.take(hanging, 0, SOON)),
    jobOf(await board.take(hanging, 1, SOON)),
  ];
  await clock.advance(LATE_SECONDS);
  const other = joinToStay(board);
  assert.equal(await board.take(other, 0, SOON), first);
  await board.answer(other, 0, first.jobId, bytes(1));
  assert.deepEqual(await answer, bytes(1));
  assert.deepEqual(await stay, [first.jobId]);
  // Even if it makes no call at that moment.
  ending.abort();
  await settle();
  stay = staying();
  assert.deepEqual(await stay, [second.jobId]);
  stay = staying();
  await settle();
  // Its slots are free.
  void run(board, 3).catch(() => {});
  assert.deepEqual(jobOf(await board.take(hanging, 0, SOON)).input, bytes(3));
  board.close();
  assert.equal(await stay, "ended");
});

Deno.test("JobBoard: a job that another worker has as well is not handed out again", async () => {
  const { clock, board } = boardWith();
  const leaving = new AbortController();
  const lost = board.join(1);
  const staying = board.stay(lost, { holdSeconds: 1e9, signal: leaving.signal });
  const answer = run(board, 1);
  const job = jobOf(await board.take(lost, 0, SOON));
  await clock.advance(LATE_SECONDS);
  const other = joinToStay(board);
  assert.equal(await board.take(other, 0, SOON), job);
  leaving.abort();
  await staying;
  await clock.advance(ABSENCE_SECONDS);
  assert.equal(await board.take(joinToStay(board), 0, SOON), undefined);
  await board.answer(other, 0, job.jobId, bytes(1));
  assert.deepEqual(await answer, bytes(1));
  board.close();
});

Deno.test("JobBoard: a job that many workers got and none answered fails", async () => {
  const { clock, board } = boardWith();
  const answer = run(board, 1);
  answer.catch(() => {});
  joinToStay(board);
  for (let hands = 0; hands < MAX_HANDS; hands++) {
    jobOf(await board.take(board.join(1), 0, SOON));
    await clock.advance(ABSENCE_SECONDS);
  }
  await assert.rejects(answer, isCode("failed-precondition"));
  // As does one that hangs everywhere: it is handed out no more often.
  const hung = run(board, 2);
  hung.catch(() => {});
  for (let hands = 0; hands < MAX_HANDS; hands++) {
    jobOf(await board.take(joinToStay(board), 0, SOON));
    await clock.advance(LATE_SECONDS);
  }
  assert.equal(await board.take(joinToStay(board), 0, SOON), undefined);
  board.close();
  await assert.rejects(hung, isCode("cancelled"));
});

Deno.test("JobBoard: an answer's call lasts until the answer is on its way, so that its bytes count", async () => {
  const { board } = boardWith();
  const worker = joinToStay(board);
  const content = { contentId: "c", content: bytes(9), input: bytes(1) };
  const running = board.run(content, NEVER);
  const job = jobOf(await board.take(worker, 0, SOON));
  let isOver = false;
  const answering = board.answer(worker, 0, job.jobId, bytes(1)).then(() => isOver = true);
  const answer = await running;
  await settle();
  assert.equal(isOver, false);
  answer!.taken();
  await answering;
  board.close();
});

Deno.test("JobBoard: workers that come and go without end cannot fill the log", async () => {
  const told: string[] = [];
  const { clock, board } = boardWith((sentence) => told.push(sentence));
  for (let n = 0; n < 1000; n++) {
    board.join(1);
    if (n % 100 === 0) await clock.advance(ABSENCE_SECONDS);
  }
  assert.ok(told.length < 100, `${told.length} lines`);
  assert.match(told.at(-1)!, /left out/);
  board.close();
});

Deno.test("JobBoard: workers of a SuperLink that stops are not told that their run is over", async () => {
  const { board } = boardWith();
  const worker = board.join(1);
  const taking = board.take(worker, 0, LONG);
  taking.catch(() => {});
  await settle();
  board.stop();
  await assert.rejects(taking, isCode("unavailable"));
  await assert.rejects(board.stay(worker, SOON), isCode("unavailable"));
  await assert.rejects(board.answer(worker, 0, 1, bytes(1)), isCode("unavailable"));
  assert.throws(() => board.join(1), isCode("unavailable"));
});

Deno.test("JobBoard: a job that one worker cannot do goes to another, and not back to the first", async () => {
  const told: string[] = [];
  const { board } = boardWith((sentence) => told.push(sentence));
  const [broken, fine] = [joinToStay(board), joinToStay(board)];
  const answers = [run(board, 1), run(board, 2)];
  const first = jobOf(await board.take(broken, 0, SOON));
  assert.equal(board.answerBroken(broken, 0, first.jobId, "no\ndisk"), undefined);
  // Not twice, and not by one that does not have it.
  board.answerBroken(broken, 0, first.jobId, "again");
  board.answerBroken(fine, 0, first.jobId, "never had it");
  assert.equal(told.filter((sentence) => sentence.includes("no\\ndisk")).length, 1);
  const second = jobOf(await board.take(broken, 0, SOON));
  assert.notEqual(second, first);
  board.answerBroken(broken, 0, second.jobId, "no disk");
  // A call of the broken worker that waits is not woken in place of the other's.
  const waiting = board.take(broken, 0, LONG);
  for (const job of [second, first]) {
    assert.equal(await board.take(fine, 0, SOON), job);
    await board.answer(fine, 0, job.jobId, bytes(job.jobId));
  }
  assert.deepEqual(await Promise.all(answers), [bytes(1), bytes(2)]);
  assert.equal(board.answerBroken("nobody", 0, 1, ""), "unknown");
  board.close();
  assert.equal(await waiting, "ended");
  assert.equal(board.answerBroken(broken, 0, 1, ""), "ended");
});

Deno.test("JobBoard: a job is given to the worker that waits and may have it", async () => {
  const { board } = boardWith();
  const [broken, fine] = [joinToStay(board, 2), joinToStay(board)];
  const idle = board.take(broken, 1, LONG);
  const answer = run(board, 1);
  const job = jobOf(await idle);
  const waits = [board.take(broken, 0, LONG), board.take(fine, 0, LONG)];
  board.answerBroken(broken, 1, job.jobId, "no disk");
  assert.equal(await waits[1], job);
  await board.answer(fine, 0, job.jobId, bytes(1));
  await answer;
  board.close();
});

Deno.test("JobBoard: a job that several workers cannot do fails with the reason", async () => {
  const { board } = boardWith();
  const answer = run(board, 1);
  answer.catch(() => {});
  for (let n = 0; n < MAX_BROKEN; n++) {
    const worker = joinToStay(board);
    board.answerBroken(worker, 0, jobOf(await board.take(worker, 0, SOON)).jobId, `no disk ${n}`);
  }
  const last = new RegExp(`no disk ${MAX_BROKEN - 1}`);
  await assert.rejects(answer, { code: "failed-precondition", message: last });
  board.close();
});

Deno.test("JobBoard: a job that the only worker cannot do fails at once if the worker does others", async () => {
  const { board } = boardWith();
  const worker = joinToStay(board);
  const [good, bad] = [run(board, 1), run(board, 2)];
  const first = jobOf(await board.take(worker, 0, SOON));
  await board.answer(worker, 0, first.jobId, bytes(1));
  await good;
  const second = jobOf(await board.take(worker, 0, SOON));
  board.answerBroken(worker, 0, second.jobId, "out of memory");
  await assert.rejects(bad, { code: "failed-precondition", message: /out of memory/ });
  board.close();
});

Deno.test("JobBoard: if all workers are broken, the jobs fail with the reason, after a wait for others", async () => {
  const { clock, board } = boardWith();
  const leaving = new AbortController();
  const worker = board.join(1);
  const staying = board.stay(worker, { holdSeconds: 1e9, signal: leaving.signal });
  const reason = { code: "failed-precondition", message: /no disk/ };
  const tried = run(board, 1);
  tried.catch(() => {});
  const untried = run(board, 2);
  untried.catch(() => {});
  board.answerBroken(worker, 0, jobOf(await board.take(worker, 0, SOON)).jobId, "no disk");
  await settle();
  await clock.advance(ANOTHER_SECONDS);
  await assert.rejects(tried, reason);
  leaving.abort();
  await staying;
  await clock.advance(ABSENCE_SECONDS);
  await settle();
  await clock.advance(PATIENCE_SECONDS);
  await assert.rejects(untried, reason);
  // And those that come later, at once.
  await assert.rejects(run(board, 3), reason);
  // Until a worker comes.
  const next = joinToStay(board);
  const answer = run(board, 4);
  const job = jobOf(await board.take(next, 0, SOON));
  await board.answer(next, 0, job.jobId, bytes(4));
  await answer;
  board.close();
});

Deno.test("JobBoard: one broken worker of ten fails no job", async () => {
  const { board } = boardWith();
  const answers = Array.from({ length: 192 }, (_, n) => run(board, n % 256));
  const work = async (isBroken: boolean) => {
    const worker = joinToStay(board);
    for (;;) {
      const job = await board.take(worker, 0, LONG);
      if (typeof job !== "object") return;
      if (isBroken) board.answerBroken(worker, 0, job.jobId, "no disk");
      else {
        await settle();
        await board.answer(worker, 0, job.jobId, job.input);
      }
    }
  };
  const workers = Array.from({ length: 10 }, (_, n) => work(n === 0));
  assert.deepEqual(await Promise.all(answers), Array.from({ length: 192 }, (_, n) => bytes(n)));
  board.close();
  await Promise.all(workers);
});
