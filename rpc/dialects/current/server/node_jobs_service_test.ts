import assert from "node:assert/strict";
import { sha256Hex } from "../../../../base/platform.ts";
import { VERSION } from "../../../../base/version.ts";
import { MAX_NODES_PER_WORKER } from "../../../../entities/node_job.ts";
import type { LinkRun, RunState } from "../../../../entities/run.ts";
import { NodeJobs, WorkerState } from "../../../../proto/gen/current/simulation_pb.ts";
import { bindService, methodPath } from "../../../service.ts";
import { WORKER_TOKEN_HEADER } from "../headers.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { NODE_JOBS_POLICY } from "./node_jobs_policy.ts";
import { type NodeJobBoard, nodeJobsHandlers } from "./node_jobs_service.ts";
import { workerAuthentication } from "./worker_authentication.ts";

const SECRET = "ab".repeat(32);
const RUN_ID = 7n;
const JOB = {
  jobId: 3,
  contentId: "c",
  content: new Uint8Array([1, 2]),
  input: new Uint8Array([3]),
};

/** A server with one run, which has one job. */
function channelTo(
  token: string,
  { state = "running", tokenHash = sha256Hex(SECRET), isElsewhere }: {
    state?: RunState;
    tokenHash?: string | undefined;
    isElsewhere?: true;
  } = {},
) {
  const simulation = tokenHash === "" ? {} : { workersTokenHash: tokenHash };
  const run = { runId: RUN_ID, state, fabHash: "f", simulation, isElsewhere } as unknown as LinkRun;
  const runs = {
    get: (id: bigint) => Promise.resolve(id === RUN_ID ? run : undefined),
    getFab: () => Promise.resolve(new Uint8Array([9])),
    getFabPiece: () => Promise.resolve(undefined),
  };
  const board: NodeJobBoard = {
    run: () => Promise.resolve(undefined),
    join: () => "worker",
    stay: (id) => Promise.resolve(id === "worker" ? [3] : "unknown"),
    take: () => Promise.resolve(JOB),
    answer: () => Promise.resolve(undefined),
    answerBroken: () => "unknown",
  };
  const binding = bindService(NodeJobs, {
    ...workerAuthentication(runs as Parameters<typeof workerAuthentication>[0]),
    handlers: nodeJobsHandlers({ link: { runs }, boardOf: () => board }),
  });
  return new DirectChannel(binding, { headers: { [WORKER_TOKEN_HEADER]: token } });
}

const RIGHT = `${RUN_ID}.${SECRET}`;
const REFUSED = { code: "unauthenticated" };

Deno.test("node jobs policy: every method has a row, and every row a method", () => {
  assert.deepEqual(Object.keys(NODE_JOBS_POLICY).sort(), NodeJobs.methods.map(methodPath).sort());
});

Deno.test("worker token: every call needs that of its run", async () => {
  const wrong = [
    "",
    SECRET,
    `8.${SECRET}`,
    `${RUN_ID}.${"ac".repeat(32)}`,
    `${RUN_ID}.${SECRET.toUpperCase()}`,
    `${RIGHT}, ${RIGHT}`,
    // The same run, in another number of 64 bits.
    `${RUN_ID + 2n ** 64n}.${SECRET}`,
  ];
  for (const method of NodeJobs.methods) {
    for (const token of wrong) {
      await assert.rejects(channelTo(token).call(method, {}), REFUSED, `${method.name} ${token}`);
    }
    // A run that the SuperLink's own machine simulates has no token.
    await assert.rejects(channelTo(RIGHT, { tokenHash: "" }).call(method, {}), REFUSED);
  }
});

Deno.test("node jobs: a worker of another version is refused, with both versions", async () => {
  await assert.rejects(
    channelTo(RIGHT).call(NodeJobs.method.join, { version: "0.0.1", slots: 1 }),
    ({ code, message }: { code: string; message: string }) =>
      code === "failed-precondition" && message.includes("0.0.1") && message.includes(VERSION),
  );
});

Deno.test("node jobs: numbers of slots out of range are refused", async () => {
  for (const slots of [0, MAX_NODES_PER_WORKER + 1]) {
    const call = channelTo(RIGHT).call(NodeJobs.method.join, { version: VERSION, slots });
    await assert.rejects(call, { code: "invalid-argument" });
  }
});

Deno.test("node jobs: a worker gets a content that it does not have", async () => {
  const take = async (holds: string[]) =>
    (await channelTo(RIGHT).call(NodeJobs.method.takeJob, { workerId: "worker", slot: 0, holds }))
      .response.job;
  assert.deepEqual((await take([]))?.content, JOB.content);
  const held = await take(["c"]);
  assert.equal(held?.content, undefined);
  assert.deepEqual(held?.input, JOB.input);
});

Deno.test("node jobs: workers learn that the run is over, or that they must join again", async () => {
  const over = channelTo(RIGHT, { state: "finished:completed" });
  const joined = await over.call(NodeJobs.method.join, { version: VERSION, slots: 1 });
  assert.equal(joined.response.ended, true);
  const worker = { workerId: "worker" };
  for (const method of [NodeJobs.method.stay, NodeJobs.method.takeJob, NodeJobs.method.answerJob]) {
    assert.equal((await over.call(method, worker)).response.state, WorkerState.ENDED);
  }
  const stay = await channelTo(RIGHT).call(NodeJobs.method.stay, { workerId: "older" });
  assert.equal(stay.response.state, WorkerState.UNKNOWN);
  const { response } = await channelTo(RIGHT).call(NodeJobs.method.stay, worker);
  assert.deepEqual([response.state, response.dropped], [WorkerState.GO_ON, [3]]);
});

Deno.test("node jobs: an answer that a machine is broken is no output", async () => {
  const answer = async (fields: { output?: Uint8Array; broken?: string }) => {
    const request = { workerId: "worker", slot: 0, jobId: 3, ...fields };
    return (await channelTo(RIGHT).call(NodeJobs.method.answerJob, request)).response.state;
  };
  assert.equal(await answer({ output: new Uint8Array([1]) }), WorkerState.GO_ON);
  assert.equal(await answer({ broken: "no disk" }), WorkerState.UNKNOWN);
});

Deno.test("node jobs: a run whose ServerApp another SuperLink runs has no workers here", async () => {
  const channel = channelTo(RIGHT, { isElsewhere: true });
  const joining = channel.call(NodeJobs.method.join, { version: VERSION, slots: 1 });
  await assert.rejects(joining, { code: "unavailable" });
  // One that joined before the run began there.
  for (const method of [NodeJobs.method.stay, NodeJobs.method.takeJob, NodeJobs.method.answerJob]) {
    const call = channel.call(method, { workerId: "worker" });
    await assert.rejects(call, { code: "unavailable" });
  }
});
