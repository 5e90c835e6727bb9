import assert from "node:assert/strict";
import { ConfigRecord, Message, RecordDict } from "../../mod.ts";
import { FlwrError } from "../../base/error.ts";
import type { NoJob } from "../../entities/node_job.ts";
import type { NodeResult, NodeTask } from "../../rpc/dialects/current/node_job.ts";
import type { WorkerJob } from "../../rpc/dialects/current/client/worker_client.ts";
import { MAX_BROKEN_NODES, type WorkerCalls, type WorkerHost, workFor } from "./work.ts";

const message = Message.create({ content: {}, dstNodeId: 5n, messageType: "train" });
const state = new RecordDict();
const task: NodeTask = {
  message,
  context: {
    runId: 1n,
    nodeId: 5n,
    nodeConfig: new ConfigRecord(),
    runConfig: new ConfigRecord(),
    state,
  },
  seed: 3,
};

/** A SuperLink with some jobs, which then ends the worker. */
function callsWith(jobs: readonly WorkerJob["task"][], end: NoJob = "ended") {
  const answers = new Map<number, NodeResult | string>();
  let next = 0;
  const calls: WorkerCalls = {
    stay: (_id, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new FlwrError("cancelled", "aborted")))
      ),
    take() {
      const job = jobs[next];
      return Promise.resolve(job === undefined ? end : { jobId: ++next, task: job });
    },
    answer(_id, _slot, jobId, result) {
      answers.set(jobId, result);
      return Promise.resolve(undefined);
    },
  };
  return { calls, answers };
}

const host: WorkerHost = {
  handle: (message, context, _signal, seed) => {
    if (seed === 9) return Promise.reject(new Error("the sandbox ended"));
    return Promise.resolve({ reply: message.reply({}), state: context.state });
  },
};

const NEVER = new AbortController().signal;

Deno.test("workFor: answers each job, and ends when the SuperLink says so", async () => {
  const { calls, answers } = callsWith([() => task, () => task]);
  assert.equal(await workFor(calls, "w", Promise.resolve([host]), NEVER), "ended");
  assert.deepEqual([...answers.keys()], [1, 2]);
  assert.equal(typeof answers.get(1), "object");
});

Deno.test("workFor: work that fails is answered with its reason, and the next job follows", async () => {
  const unreadable = () => {
    throw new FlwrError("invalid-argument", "The message has no metadata");
  };
  const { calls, answers } = callsWith([unreadable, () => ({ ...task, seed: 9 }), () => task]);
  assert.equal(await workFor(calls, "w", Promise.resolve([host]), NEVER), "ended");
  assert.deepEqual([...answers.values()].map((answer) => typeof answer), [
    "string",
    "string",
    "object",
  ]);
});

Deno.test("workFor: a worker that the SuperLink does not know must join again", async () => {
  const { calls } = callsWith([], "unknown");
  assert.equal(await workFor(calls, "w", Promise.resolve([host]), NEVER), "unknown");
});

Deno.test("workFor: an abort ends it, and a refusal is thrown", async () => {
  const { calls } = callsWith([]);
  const stopping = new AbortController();
  const waiting: WorkerCalls = {
    ...calls,
    take: async (_id, _slot, signal) => {
      await calls.stay("w", signal);
      return undefined;
    },
  };
  const work = workFor(waiting, "w", Promise.resolve([host]), stopping.signal);
  stopping.abort();
  assert.equal(await work, undefined);
  const refused = new FlwrError("unauthenticated", "no");
  const refusing = { ...calls, take: () => Promise.reject(refused) };
  await assert.rejects(
    workFor(refusing, "w", Promise.resolve([host]), NEVER),
    (error) => error === refused,
  );
});

Deno.test("workFor: a job that needs no answer any more is given up, and the next one follows", async () => {
  const { calls, answers } = callsWith([() => task, () => task]);
  const begun = Promise.withResolvers<void>();
  let stays = 0;
  const dropping: WorkerCalls = {
    ...calls,
    stay: async (id, signal) => {
      if (stays++ > 0) return await calls.stay(id, signal);
      await begun.promise;
      return [1];
    },
  };
  let handled = 0;
  const hanging: WorkerHost = {
    handle: async (message, context, signal, seed) => {
      if (handled++ > 0) return await host.handle(message, context, signal, seed);
      begun.resolve();
      return await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new DOMException("over", "AbortError")))
      );
    },
  };
  assert.equal(await workFor(dropping, "w", Promise.resolve([hanging]), NEVER), "ended");
  assert.deepEqual([...answers.keys()], [2]);
});

Deno.test("workFor: a machine that cannot run the app for any node ends its worker with the reason", async () => {
  const bad = () => ({ ...task, seed: 9 });
  const unreadable = () => {
    throw new FlwrError("invalid-argument", "The message has no metadata");
  };
  // Messages that cannot be read say nothing about the machine.
  const jobs = [...Array(5).fill(unreadable), ...Array(MAX_BROKEN_NODES + 5).fill(bad)];
  const { calls, answers } = callsWith(jobs);
  await assert.rejects(workFor(calls, "w", Promise.resolve([host]), NEVER), {
    code: "failed-precondition",
    message: /the sandbox ended/,
  });
  assert.equal(answers.size, 5 + MAX_BROKEN_NODES);
  // One that ran for some node stays.
  const proven = callsWith([() => task, ...Array(MAX_BROKEN_NODES + 5).fill(bad)]);
  assert.equal(await workFor(proven.calls, "w", Promise.resolve([host]), NEVER), "ended");
});
