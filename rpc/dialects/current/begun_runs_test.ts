import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { MetricRecord } from "../../../app/metric_record.ts";
import { settle } from "../../../base/testing/settle.ts";
import { PullMessagesResponseSchema } from "../../../proto/gen/current/fleet_pb.ts";
import { eventually } from "../../../tests/support/deadline.ts";
import { MAX_HINTS } from "./client/fleet_connection.ts";
import { BegunRuns, MAX_TOLD_NODES } from "./server/begun_runs.ts";
import type { DirectChannel } from "./testing/direct_channel.ts";
import { FleetStage } from "./testing/fleet_stage.ts";

const content = { metrics: new MetricRecord({ a: 1 }) };

/** Seconds to wait for what happens soon. */
const PATIENCE = 30;

/** Counts the pulls over a channel. */
function countPulls(channel: DirectChannel): { pulls: number } {
  const count = { pulls: 0 };
  const call = channel.call.bind(channel);
  channel.call = (method, request, options) => {
    if (method.name === "PullMessages") count.pulls++;
    return call(method, request, options);
  };
  return count;
}

Deno.test("a node whose pull is held hears of a run that begins, and gets its instruction by the next pull", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const count = countPulls(channel);
  const heard: bigint[] = [];
  const node = stage.node(undefined, channel, (runId) => heard.push(runId));
  const nodeId = await node.join(30);
  const pulled = node.pull();
  await stage.pulling;
  const { runId } = await stage.run();
  stage.begunRuns.report(runId);
  await eventually(() => heard.length > 0, PATIENCE, "the run");
  assert.deepEqual(heard, [runId]);
  // The clock stands still: the next pull does not wait.
  const id = await stage.instruct(runId, nodeId, content);
  assert.equal((await pulled)!.metadata.messageId, id);
  assert.equal(count.pulls, 2);
});

Deno.test("a node that prepares nothing, such as Flower's, is not disturbed", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const count = countPulls(channel);
  const node = stage.node(undefined, channel);
  const nodeId = await node.join(30);
  const pulled = node.pull();
  await stage.pulling;
  const { runId } = await stage.run();
  stage.begunRuns.report(runId);
  await settle();
  const id = await stage.instruct(runId, nodeId, content);
  assert.equal((await pulled)!.metadata.messageId, id);
  assert.equal(count.pulls, 1);
});

Deno.test("an instruction that is there comes with the response, whatever begins", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const count = countPulls(channel);
  const node = stage.node(undefined, channel, () => {});
  const nodeId = await node.join(30);
  const { runId } = await stage.run();
  const id = await stage.instruct(runId, nodeId, content);
  const pulled = node.pull();
  stage.begunRuns.report(runId);
  assert.equal((await pulled)!.metadata.messageId, id);
  assert.equal(count.pulls, 1);
});

Deno.test("a SuperLink that names runs without end is polled like one that does not hold pulls", async () => {
  await using stage = await FleetStage.start();
  const channel = stage.channel();
  const call = channel.call.bind(channel);
  let pulls = 0;
  channel.call = async (method, request, options) => {
    const answer = await call(method, request, options);
    if (method.name !== "PullMessages") return answer;
    pulls++;
    Object.assign(answer.response, create(PullMessagesResponseSchema, { along: { begunRun: 1n } }));
    return answer;
  };
  // Responds at once to pulls.
  stage.link.messages.pullInstruction = () => Promise.resolve(undefined);
  const node = stage.node(undefined, channel, () => {});
  await node.join(30);
  const stop = new AbortController();
  const pulled = node.pull(stop.signal);
  await eventually(() => pulls === MAX_HINTS + 1, PATIENCE, "the pulls");
  await settle();
  assert.equal(pulls, MAX_HINTS + 1, "the clock stands still");
  stop.abort();
  assert.equal(await pulled, undefined);
});

Deno.test("a run is told to few nodes only, and once to each pull", () => {
  const runs = new BegunRuns();
  const listeners = Array.from({ length: MAX_TOLD_NODES }, () => runs.listen());
  runs.report(1n);
  runs.report(2n);
  assert.deepEqual(new Set(listeners.map(({ runId }) => runId)), new Set([1n]));
  assert.ok(listeners.every(({ signal }) => signal.aborted));
  const more = runs.listen();
  runs.report(3n);
  assert.equal(more.runId, undefined, "too many");
  listeners[0]![Symbol.dispose]();
  runs.report(4n);
  assert.equal(more.runId, 4n);
});
