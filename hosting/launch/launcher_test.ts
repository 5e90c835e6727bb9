import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { Launcher } from "./launcher.ts";
import { HEARTBEAT_SECONDS, LinkRuns } from "../../roles/superlink/launch/link_runs.ts";
import type { RunEnd, RunProgram } from "./program.ts";
import { FakeLink } from "./testing/fake_link.ts";

/** A bundle for the launcher, which reads only its language. */
const FAB: CheckedFab = {
  hash: "",
  attachments: [],
  files: new Map(),
  config: {
    publisher: "tests",
    name: "app",
    version: "1.0.0",
    fabId: "tests/app",
    config: {},
    language: "typescript",
    clientLanguage: "typescript",
  },
};

/** A program whose runs end when the test ends them. */
class FakeProgram {
  readonly started: bigint[] = [];
  readonly open = new Map<bigint, PromiseWithResolvers<RunEnd | undefined>>();

  constructor(readonly link: FakeLink) {}

  readonly run: RunProgram = async ({ runId, token }, _app, signal) => {
    this.started.push(runId);
    const end = Promise.withResolvers<RunEnd | undefined>();
    this.open.set(runId, end);
    signal.addEventListener("abort", () => end.resolve(undefined));
    await this.link.runs.begin(token);
    try {
      return await end.promise;
    } finally {
      this.open.delete(runId);
    }
  };
}

function setUp({ concurrent = 2, readFab = () => FAB, isShared = false }: {
  concurrent?: number;
  readFab?: () => CheckedFab;
  isShared?: boolean;
} = {}) {
  const link = new FakeLink();
  const program = new FakeProgram(link);
  const clock = new FakeClock();
  const launcher = new Launcher({
    runs: new LinkRuns({
      link,
      runtime: { desc: Runtime, methods: [] },
      clock,
      isLasting: isShared,
      isShared,
    }),
    readFab,
    programs: { typescript: program.run, python: program.run },
    concurrent,
    stopDetails: "The SuperLink was stopped",
    clock,
  });
  return { link, program, launcher, clock };
}

Deno.test("runs are claimed in order, up to the limit, and the others wait", async () => {
  const { link, program, launcher } = setUp({ concurrent: 2 });
  await using _ = launcher;
  for (const runId of [1n, 2n, 3n]) link.submit(runId, new Uint8Array());
  await link.waitForState(2n, "running");
  assert.deepEqual([program.started, link.state(3n)], [[1n, 2n], "pending"]);
  program.open.get(2n)!.resolve({ outcome: "completed", details: "" });
  await link.waitForState(3n, "running");
  assert.equal(link.state(2n), "finished:completed");
  program.open.get(1n)!.resolve({ outcome: "failed", details: "No node" });
  await link.waitForState(1n, "finished:failed");
  assert.equal(link.details(1n), "No node");
});

Deno.test("a stopped run frees its slot and keeps its state", async () => {
  const { link, program, launcher } = setUp({ concurrent: 1 });
  await using _ = launcher;
  link.submit(1n, new Uint8Array());
  link.submit(2n, new Uint8Array());
  await link.waitForState(1n, "running");
  link.stop(1n);
  launcher.end(1n);
  await link.waitForState(2n, "running");
  assert.equal(link.state(1n), "finished:stopped");
  assert.deepEqual([...program.open.keys()], [2n]);
});

Deno.test("a refused heartbeat ends a run whose end was not reported", async () => {
  const { link, program, launcher, clock } = setUp();
  await using _ = launcher;
  link.submit(1n, new Uint8Array());
  await link.waitForState(1n, "running");
  const end = program.open.get(1n)!.promise;
  link.stop(1n);
  await clock.advance(HEARTBEAT_SECONDS);
  assert.equal(await end, undefined);
});

Deno.test("a run that cannot be started fails with the reason in its details and its log", async () => {
  const { link, launcher } = setUp({
    readFab: () => {
      throw new FlwrError("invalid-argument", "The bundle is damaged\nError: forged", {
        hints: ["Build it anew\nError: forged"],
      });
    },
  });
  await using _ = launcher;
  link.submit(1n, new Uint8Array());
  await link.waitForState(1n, "finished:failed");
  assert.equal(link.details(1n), "The bundle is damaged\nError: forged");
  const forged = `${" ".repeat(25)}Error: forged`;
  assert.equal(
    link.log(1n),
    `Error: The bundle is damaged\n${forged}\n  Hint: Build it anew\n${forged}\n`,
  );
  link.submit(2n);
  await link.waitForState(2n, "finished:failed");
  assert.notEqual(link.details(2n), "", "the bundle is gone");
});

Deno.test("a launcher that stops fails its runs and claims no more", async () => {
  const { link, program, launcher } = setUp();
  link.submit(1n, new Uint8Array());
  await link.waitForState(1n, "running");
  await launcher[Symbol.asyncDispose]();
  assert.equal(link.state(1n), "finished:failed");
  assert.notEqual(link.details(1n), "");
  assert.equal(program.open.size, 0);
  link.submit(2n, new Uint8Array());
  await Promise.resolve();
  assert.equal(link.state(2n), "pending");
});

Deno.test("a launcher that drains lets each run save a checkpoint first, if others continue it", async () => {
  const { link, program, launcher } = setUp({ isShared: true });
  await using _ = launcher;
  for (const runId of [1n, 2n]) link.submit(runId, new Uint8Array());
  await link.waitForState(2n, "running");
  const late = new AbortController();
  const { others, all } = launcher.drain(late.signal);
  await others;
  link.submit(3n, new Uint8Array());
  assert.deepEqual([1n, 2n, 3n].map((id) => link.state(id)), ["running", "running", "pending"]);

  launcher.checkpointSaved(1n);
  await link.waitForState(1n, "pending");
  assert.equal(link.state(2n), "running");
  late.abort();
  await all;
  assert.equal(program.open.size, 0);
  assert.deepEqual([2n, 3n].map((id) => link.state(id)), ["pending", "pending"]);
  assert.deepEqual(program.started, [1n, 2n], "it claims no more");
});

Deno.test("a launcher that drains waits for no checkpoint of an app that saves none, or that nobody continues", async () => {
  const python: CheckedFab = { ...FAB, config: { ...FAB.config, language: "python" } };
  for (const options of [{ isShared: true, readFab: () => python }, { isShared: false }]) {
    const { link, launcher } = setUp(options);
    await using _ = launcher;
    link.submit(1n, new Uint8Array());
    await link.waitForState(1n, "running");
    await launcher.drain(new AbortController().signal).all;
    assert.equal(link.state(1n), options.isShared ? "pending" : "finished:failed");
  }
});
