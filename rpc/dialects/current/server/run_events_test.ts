import assert from "node:assert/strict";
import { settle } from "../../../../base/testing/settle.ts";
import type { AppEvent } from "../../../../entities/journal.ts";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { ControlClient } from "../client/control_client.ts";
import { RuntimeClient } from "../client/runtime_client.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";

const ROUND: AppEvent = { kind: "round-started", data: { round: 1, rounds: 3 } };
const REPLY: AppEvent = {
  kind: "node-replied",
  nodeId: 2n ** 63n,
  data: { messageType: "train", seconds: 1, metrics: { loss: "NaN" } },
};
const OWN: AppEvent = { kind: "app-event", data: { event: "tool-call", data: "not JSON" } };

/** A SuperLink with a running ServerApp. */
async function start() {
  const superlink = await FakeSuperLink.start();
  const { link, clock } = superlink;
  const fab = { hash: "ab", content: new Uint8Array([1]) };
  const { runId, taskId } = await link.runs.create({ fabId: "me/app", fabVersion: "1", fab });
  const { token } = (await link.runs.claim())!;
  await link.runs.begin(token);
  const app = new RuntimeClient(new DirectChannel(superlink.runtime), token);
  const channel = new DirectChannel(superlink.control);
  const control = new ControlClient(channel, clock);
  return { superlink, link, clock, runId, taskId, token, app, channel, control };
}

Deno.test("run events: what an app reports comes to clients as it was, after the SuperLink's own", async () => {
  const { superlink, app, control, runId, clock } = await start();
  await using _ = superlink;
  await app.pushEvents([ROUND, REPLY, OWN]);
  const records = (await control.runEvents(runId))!;
  assert.deepEqual(records.slice(0, 3).map(({ kind }) => kind), [
    "run-created",
    "run-claimed",
    "run-began",
  ]);
  const reported = records.slice(3).map(({ sequence: _, at, runId: of, ...event }) => {
    assert.equal(at, clock.now());
    assert.equal(of, runId);
    return event;
  });
  assert.deepEqual(reported, [ROUND, REPLY, OWN]);
});

Deno.test("run events: an app cannot report what only the SuperLink does, nor data of another shape", async () => {
  const { superlink, control, runId, token } = await start();
  await using _ = superlink;
  const { Runtime } = await import("../../../../proto/gen/current/runtime_pb.ts");
  const channel = new DirectChannel(superlink.runtime, { headers: { "flwr-task-token": token } });
  const push = (event: string, data: string) =>
    channel.call(Runtime.method.pushTaskEvents, { events: [{ event, data }] });
  const before = (await control.runEvents(runId))!.length;
  for (
    const [event, data] of [
      ["run-finished", '{"state":"finished:completed","details":""}'],
      ["round-started", "1"],
      ["round-started", "{"],
      ["round-started", '{"round":1,"rounds":3,"nodeId":5}'],
      ["round-started", '{"round":1,"rounds":3,"nodeId":"99999999999999999999"}'],
      ["round-started", '{"round":1}'],
    ] as const
  ) await assert.rejects(push(event, data), { code: "invalid-argument" }, `${event} ${data}`);
  assert.equal((await control.runEvents(runId))!.length, before);
});

Deno.test("run events: a stream follows the run to its end, and goes on after an event", async () => {
  const { superlink, link, app, channel, runId, taskId, clock, token } = await start();
  await using _ = superlink;
  const { streamRunEvents } = Control.method;
  const seen: { id: bigint; event: string }[] = [];
  const following = (async () => {
    for await (const { taskEvent } of channel.stream(streamRunEvents, { runId })) {
      assert.equal(taskEvent!.runId, runId);
      assert.equal(taskEvent!.taskId, taskId);
      seen.push({ id: taskEvent!.id, event: taskEvent!.event });
    }
  })();
  await settle();
  assert.deepEqual(seen.map(({ event }) => event), ["run-created", "run-claimed", "run-began"]);
  /** Lets pauses pass, and what follows from that. */
  const pass = async () => {
    await settle();
    await clock.advance(1);
    await settle();
  };
  await pass();
  await app.pushEvents([ROUND]);
  await pass();
  assert.equal(seen.at(-1)?.event, "round-started");
  await pass();
  await link.runs.finish(token, { outcome: "completed", details: "" });
  await pass();
  await pass();
  await following;
  assert.deepEqual(seen.slice(3).map(({ event }) => event), ["round-started", "run-finished"]);
  const afterTaskEventId = seen[2]!.id;
  const rest = await Array.fromAsync(channel.stream(streamRunEvents, { runId, afterTaskEventId }));
  assert.deepEqual(rest.map(({ taskEvent }) => taskEvent!.id), seen.slice(3).map(({ id }) => id));
});

Deno.test("run events: a SuperLink that does not end the stream is not waited for", async () => {
  const { superlink, clock } = await start();
  await using _ = superlink;
  const silent = {
    stream: async function* (
      _method: unknown,
      _request: unknown,
      options: { signal: AbortSignal },
    ) {
      await new Promise((_, reject) =>
        options.signal.addEventListener("abort", () => reject(new Error("aborted")))
      );
      yield {};
    },
  };
  const control = new ControlClient(silent as unknown as DirectChannel, clock);
  const read = control.runEvents(1n);
  await settle();
  await clock.advance(6);
  assert.equal(await read, undefined);
});
