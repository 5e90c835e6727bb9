/** The calls of simulation workers, made by strangers, by workers of other runs, and by workers that lie. */
import assert from "node:assert/strict";
import { sha256Hex } from "../../../base/platform.ts";
import { VERSION } from "../../../base/version.ts";
import { NodeJobs, WorkerState } from "../../../proto/gen/current/simulation_pb.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { WorkerClient } from "../../../rpc/dialects/current/client/worker_client.ts";
import { WORKER_TOKEN_HEADER } from "../../../rpc/dialects/current/headers.ts";
import { eventually, within } from "../../support/deadline.ts";
import type { RawHeaders } from "./credentials.ts";
import { CurrentSuperLink } from "./superlink.ts";
import { bytesOf, openWire } from "./wire.ts";

const DENIED = "401";
const { method } = NodeJobs;
const NEVER = new AbortController().signal;

/** Trains in one round, with nodes that wait for workers. */
const APP = {
  files: {
    "server.ts": `
import { ArrayRecord, FedAvg, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const initialArrays = ArrayRecord.fromTensors({ w: tensor("float32", [3], new Float32Array(3)) });
  await new FedAvg({ fractionEvaluate: 0 }).start(grid, { numRounds: 1, initialArrays });
});`,
    "client.ts": `
import { ClientApp } from "flwr";
export const app = new ClientApp();`,
  },
};

const startSuperLink = () =>
  CurrentSuperLink.start(
    { simulation: true, enableSupernodeAuth: false, isolation: "subprocess" },
    APP,
  );

/** Starts a run for workers. */
async function startRun(superLink: CurrentSuperLink) {
  const secret = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const settings = { numSupernodes: 2, workersTokenHash: sha256Hex(secret) };
  const runId = await superLink.submit(settings);
  const token = `${runId}.${secret}`;
  const channel = superLink.open("http", superLink.control("http"));
  const headers = { [WORKER_TOKEN_HEADER]: token };
  const metadata = () => Promise.resolve(headers);
  const call: typeof channel.call = (method, request) =>
    channel.call(method, request, { metadata });
  const state = async () => (await superLink.controlClient().getRun(runId)).run.status;
  return { runId, secret, token, call, state, worker: new WorkerClient(channel, token) };
}

const header = (...tokens: readonly string[]): RawHeaders =>
  tokens.map((token) => [WORKER_TOKEN_HEADER, token]);

Deno.test("NodeJobs: every call × every kind of token", async (t) => {
  await using superLink = await startSuperLink();
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  const [own, other] = [await startRun(superLink), await startRun(superLink)];
  const local = await superLink.submit({ numSupernodes: 2 });
  const forged: Readonly<Record<string, RawHeaders>> = {
    "no token": [],
    "an empty token": header(""),
    "the run's id alone": header(`${own.runId}`),
    "another secret": header(`${own.runId}.${"0".repeat(64)}`),
    "another run's secret": header(`${own.runId}.${other.secret}`),
    "a run that the SuperLink simulates itself": header(`${local}.${own.secret}`),
    "no such run": header(`1.${own.secret}`),
    "the hash instead of the secret": header(`${own.runId}.${sha256Hex(own.secret)}`),
    "upper case": header(own.token.toUpperCase()),
    "a longer number": header(`${own.runId + 2n ** 64n}.${own.secret}`),
    "the token twice": header(own.token, own.token),
    "the token and another": header(own.token, other.token),
    "as a bearer token": [["authorization", `Bearer ${own.token}`]],
  };
  for (const desc of NodeJobs.methods) {
    await t.step(desc.name, async () => {
      for (const [what, headers] of Object.entries(forged)) {
        assert.equal(await wire.outcome(desc, new Uint8Array(), headers), DENIED, what);
      }
      const asPage: RawHeaders = [...header(own.token), ["origin", "https://example.org"]];
      assert.equal(await wire.outcome(desc, new Uint8Array(), asPage), "403", "from a web page");
    });
  }
  const joining = bytesOf(method.join, { version: VERSION, slots: 1 });
  assert.equal(await wire.outcome(method.join, joining, header(own.token)), "200");
});

Deno.test("NodeJobs: a worker of one run is none of another's, and its run's end ends all it may do", async () => {
  await using superLink = await startSuperLink();
  const [own, other] = [await startRun(superLink), await startRun(superLink)];
  const joined = (await own.worker.join(2, NEVER))!;
  const { workerId } = joined;
  void own.worker.stay(workerId, NEVER).catch(() => {});
  const job = (await own.call(method.takeJob, { workerId, slot: 0 })).response.job!;
  const answer = { workerId, slot: 0, jobId: job.jobId, output: new Uint8Array(5) };
  for (const request of [method.stay, method.takeJob, method.answerJob] as const) {
    const { response } = await other.call(request, answer);
    assert.equal(response.state, WorkerState.UNKNOWN, request.name);
  }
  // The job is still that of its worker.
  assert.equal(
    (await own.call(method.takeJob, { workerId, slot: 0 })).response.job?.jobId,
    job.jobId,
  );
  const held = own.call(method.stay, { workerId });
  await superLink.controlClient().stopRun(own.runId);
  assert.equal(
    (await within(held, 10, "the end of a held call")).response.state,
    WorkerState.ENDED,
  );
  for (const request of [method.stay, method.takeJob, method.answerJob] as const) {
    assert.equal((await own.call(request, answer)).response.state, WorkerState.ENDED);
  }
  assert.equal(await own.worker.join(1, NEVER), undefined);
  // Not even the app's files.
  const pull = own.call(method.pullPiece, { hash: "0".repeat(64) });
  await assert.rejects(pull, { code: "failed-precondition" });
});

Deno.test("NodeJobs: answers that are no replies fail their nodes, and end the run", async () => {
  await using superLink = await startSuperLink();
  const own = await startRun(superLink);
  const { workerId } = (await own.worker.join(1, NEVER))!;
  const staying = new AbortController();
  const stay = (async () => {
    while (!staying.signal.aborted) await own.worker.stay(workerId, staying.signal);
  })().catch(() => {});
  // Nothing of a message, no message at all, and more than a pipe holds.
  const outputs = [
    new Uint8Array(),
    new Uint8Array(100).fill(255),
    new Uint8Array(40 * 1024 * 1024),
  ];
  for (let n = 0; (await own.state()) !== "finished"; n++) {
    const { response } = await own.call(method.takeJob, { workerId, slot: 0 });
    if (response.job === undefined) continue;
    const output = outputs[n % outputs.length]!;
    await own.call(method.answerJob, { workerId, slot: 0, jobId: response.job.jobId, output });
  }
  staying.abort();
  await stay;
});

Deno.test("NodeJobs: a call without the token is refused before its body arrives", async () => {
  await using superLink = await startSuperLink();
  const { runId } = await startRun(superLink);
  const { host: hostname, port } = parseAddress(superLink.control("http"));
  const caCerts = [superLink.authority];
  using connection = await Deno.connectTls({ hostname, port, caCerts });
  const head = [
    "POST /v1/nodejobs/answer-job HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/protobuf",
    "Content-Length: 400000000",
    `${WORKER_TOKEN_HEADER}: ${runId}.${"0".repeat(64)}`,
  ];
  await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  const answer = new Uint8Array(100);
  const length = await within(connection.read(answer), 10, "the refusal");
  assert.match(new TextDecoder().decode(answer.subarray(0, length!)), /^HTTP\/1.1 401 /);
});

/** Connections that hold calls. */
const CONNECTIONS = 100;

Deno.test("NodeJobs: calls held on many connections, and many on one, leave a good worker its turn", async () => {
  await using superLink = await startSuperLink();
  const own = await startRun(superLink);
  const liar = (await own.worker.join(256, NEVER))!;
  const { host: hostname, port } = parseAddress(superLink.control("http"));
  const body = (slot: number) => bytesOf(method.takeJob, { workerId: liar.workerId, slot });
  const request = (slot: number) => {
    const bytes = body(slot);
    const head = [
      "POST /v1/nodejobs/take-job HTTP/1.1",
      "Host: 127.0.0.1",
      "Content-Type: application/protobuf",
      `Content-Length: ${bytes.length}`,
      `${WORKER_TOKEN_HEADER}: ${own.token}`,
    ];
    return new Uint8Array([
      ...new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`),
      ...bytes,
    ]);
  };
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, async (_, n) => {
    const connection = await Deno.connectTls({ hostname, port, caCerts: [superLink.authority] });
    // One connection has a hundred requests at once; the others have one each, all for the same few slots.
    for (let count = n === 0 ? 100 : 1; count > 0; count--) {
      await connection.write(request(2 + n % 5));
    }
    return connection;
  }));
  const good = (await own.worker.join(1, NEVER))!;
  const ends = new AbortController();
  const staying = (async () => {
    while (!ends.signal.aborted) await own.worker.stay(good.workerId, ends.signal);
  })().catch(() => {});
  // The liar got both jobs. It is given up, and the good worker gets them.
  const taken = async () => {
    const job = await own.worker.take(good.workerId, 0, NEVER);
    return typeof job === "object";
  };
  await eventually(taken, 60, "a good worker to get a job");
  ends.abort();
  await staying;
  for (const connection of connections) connection.close();
});
