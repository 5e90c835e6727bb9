import assert from "node:assert/strict";
import { settle } from "../../../../base/testing/settle.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { RayEngine } from "./ray.ts";
import { RayJobs } from "./ray_jobs.ts";

/** A job as the stand-in for Ray keeps it. */
interface FakeJob {
  readonly body: Readonly<Record<string, unknown>>;
  status: string;
}

interface FakeRay extends AsyncDisposable {
  readonly address: string;
  readonly jobs: Map<string, FakeJob>;
  readonly authorizations: Set<string | null>;
}

/** What the stand-in does differently. */
interface FakeRayOptions {
  /** Status of jobs that were submitted. */
  readonly status?: string;
  /** Jobs that are accepted; further ones are refused. */
  readonly most?: number;
  /** The token that it asks for. */
  readonly token?: string;
}

/** A server with the calls of Ray 2.60 that workers need, and its answers as they were seen. */
function startRay({ status = "RUNNING", most = 100, token }: FakeRayOptions = {}): FakeRay {
  const jobs = new Map<string, FakeJob>();
  const authorizations = new Set<string | null>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    authorizations.add(authorization);
    if (token !== undefined && authorization !== `Bearer ${token}`) {
      return new Response("Unauthorized", { status: 401 });
    }
    if (pathname === "/api/version") return Response.json({ ray_version: "2.60.0" });
    if (pathname === "/api/jobs/" && request.method === "POST") {
      const body = await request.json();
      if (jobs.has(body.submission_id)) return new Response("Traceback\nexists", { status: 500 });
      if (jobs.size >= most) return new Response("Traceback\nRuntimeError: no", { status: 500 });
      jobs.set(body.submission_id, { body, status });
      return Response.json({ submission_id: body.submission_id });
    }
    const [, id = "", verb] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(pathname) ?? [];
    const job = jobs.get(id);
    if (job === undefined) return new Response("", { status: 404 });
    if (verb === "logs") return Response.json({ logs: `log of ${id}\n` });
    if (verb === "stop") {
      if (job.status === "RUNNING") job.status = "STOPPED";
      return Response.json({ stopped: true });
    }
    return Response.json({ status: job.status, message: job.status === "PENDING" ? "no CPU" : "" });
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    jobs,
    authorizations,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const ORDER = {
  runId: 7n,
  words: ["/opt/my flwr", "simulation-worker", "--token-file=/a/b"],
  count: 3,
  cpus: 2,
  gpus: 0,
  folder: "/none",
};

/** A clock on which every sleep is over at once. */
class HastyClock extends FakeClock {
  override sleep(): Promise<void> {
    return Promise.resolve();
  }
}

const engineAt = ({ address }: FakeRay, token?: string) =>
  new RayEngine(new RayJobs({ address, token }), new HastyClock());

Deno.test("RayEngine: submits a job for each worker, with its cores and GPUs and without a secret", async () => {
  await using ray = startRay();
  const engine = engineAt(ray);
  await engine.check();
  const placed = await engine.place({ ...ORDER, gpus: 1 });
  assert.deepEqual([...ray.jobs.keys()], ["flwr-7-0", "flwr-7-1", "flwr-7-2"]);
  assert.deepEqual(ray.jobs.get("flwr-7-0")!.body, {
    submission_id: "flwr-7-0",
    entrypoint: "exec '/opt/my flwr' simulation-worker --token-file=/a/b",
    entrypoint_num_cpus: 2,
    entrypoint_num_gpus: 1,
  });
  assert.deepEqual(await placed.counts(), { pending: 0, running: 3, ended: 0, reason: "" });
  assert.equal(await placed.output(), "log of flwr-7-0");
  ray.jobs.get("flwr-7-1")!.status = "FAILED";
  assert.deepEqual(await placed.counts(), { pending: 0, running: 2, ended: 1, reason: "" });
  await placed.cancel();
  assert.deepEqual([...ray.jobs.values()].map(({ status }) => status), [
    "STOPPED",
    "FAILED",
    "STOPPED",
  ]);
  // Ray forgets.
  ray.jobs.clear();
  assert.deepEqual(await placed.counts(), { pending: 0, running: 0, ended: 3, reason: "" });
  await placed.cancel();
});

Deno.test("RayEngine: a submission that is repeated counts once, and a refusal leaves no job", async () => {
  await using ray = startRay();
  await engineAt(ray).place({ ...ORDER, count: 1 });
  await engineAt(ray).place(ORDER);
  assert.equal(ray.jobs.size, 3);
  await using full = startRay({ most: 2 });
  await assert.rejects(engineAt(full).place(ORDER), { code: "failed-precondition" });
  assert.deepEqual([...full.jobs.values()].map(({ status }) => status), ["STOPPED", "STOPPED"]);
});

/** Ray's calls, whose submissions and questions a test answers. */
function callsWith(
  { submit, status = () => {} }: {
    /** Called with an id, and what accepts the job. */
    submit: (id: string, accept: () => void) => Promise<void> | void;
    /** Called before each question for a job, with its number from 1. */
    status?: (question: number) => void;
  },
) {
  const states = new Map<string, string>();
  let questions = 0;
  const calls = {
    address: "http://ray",
    submit: async ({ id }: { id: string }) => await submit(id, () => states.set(id, "RUNNING")),
    status(id: string) {
      status(++questions);
      const state = states.get(id);
      return Promise.resolve(state === undefined ? undefined : { status: state, message: "" });
    },
    stop(id: string) {
      if (id === "flwr-7-1") return Promise.reject(new FlwrError("failed-precondition", "no"));
      if (states.has(id)) states.set(id, "STOPPED");
      return Promise.resolve();
    },
  };
  return { states, engine: new RayEngine(calls as unknown as RayJobs, new HastyClock()) };
}

Deno.test("RayEngine: a refusal waits for the submissions under way, and then all are stopped", async () => {
  const accepting = Promise.withResolvers<void>();
  const { states, engine } = callsWith({
    async submit(id, accept) {
      if (id === "flwr-7-0") throw new FlwrError("failed-precondition", "no");
      if (id === "flwr-7-2") await accepting.promise;
      accept();
    },
  });
  let isOver = false;
  const placing = engine.place(ORDER).finally(() => isOver = true);
  placing.catch(() => {});
  await settle();
  assert.equal(isOver, false);
  accepting.resolve();
  await assert.rejects(placing, { code: "failed-precondition" });
  // One that cannot be stopped does not keep the others.
  assert.deepEqual(Object.fromEntries(states), { "flwr-7-1": "RUNNING", "flwr-7-2": "STOPPED" });
});

Deno.test("RayEngine: a job that Ray accepts after its call was given up is stopped", async () => {
  let acceptLate = () => {};
  const { states, engine } = callsWith({
    submit(_id, accept) {
      acceptLate = accept;
      throw new FlwrError("unavailable", "timed out");
    },
    status: (question) => question === 2 && acceptLate(),
  });
  await assert.rejects(engine.place({ ...ORDER, count: 1 }), { code: "unavailable" });
  assert.deepEqual(Object.fromEntries(states), { "flwr-7-0": "STOPPED" });
});

Deno.test("RayEngine: jobs that wait have Ray's reason, and cannot be stopped", async () => {
  await using ray = startRay({ status: "PENDING" });
  const placed = await engineAt(ray).place(ORDER);
  assert.deepEqual(await placed.counts(), { pending: 3, running: 0, ended: 0, reason: "no CPU" });
  await assert.rejects(placed.cancel(), { code: "unavailable" });
});

Deno.test("RayJobs: the cluster's token is sent, and asked for", async () => {
  await using ray = startRay({ token: "secret" });
  await engineAt(ray, "secret").check();
  assert.deepEqual([...ray.authorizations], ["Bearer secret"]);
  await assert.rejects(engineAt(ray).check(), { code: "failed-precondition" });
});

Deno.test("RayJobs: an invalid address is refused, and so is one that would show the token", () => {
  const refused = [
    ...["", "head:8265", "127.0.0.1", "ftp://head:8265", "http://head:8265/x", "http://head/?a=1"],
    ...["http://user:word@head:8265", "http://head:8265/#a"],
  ];
  for (const address of refused) {
    assert.throws(() => new RayJobs({ address }), { code: "invalid-argument" }, address);
  }
  for (const address of ["http://head:8265", "https://head", "http://[::1]:8265/"]) {
    new RayJobs({ address });
  }
  const token = "secret";
  for (const address of ["http://127.0.0.1:8265", "http://[::1]:8265", "https://head:8265"]) {
    new RayJobs({ address, token });
  }
  const shown = () => new RayJobs({ address: "http://head:8265", token });
  assert.throws(shown, { code: "invalid-argument" });
});

Deno.test("RayJobs: an address where nothing listens, or something else, is one sentence", async () => {
  await using other = startOther();
  const jobs = new RayJobs({ address: other.address });
  await assert.rejects(jobs.version(), { code: "unavailable" });
  await other[Symbol.asyncDispose]();
  await assert.rejects(jobs.version(), { code: "unavailable" });
});

/** Any other web server. */
function startOther() {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  );
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
