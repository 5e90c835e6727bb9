import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { type CreateRunResponse, Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { driverHandlers } from "../../flwr-1.9/server/driver_service.ts";
import { idFromWire } from "../../flwr-1.9/node_id.ts";
import { bindService } from "../../../service.ts";
import { RuntimeClient } from "../client/runtime_client.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";
import { handStartedRuntime } from "./hand_started.ts";

/** Creates a run as on the wire of Flower 1.9. */
async function createRun({ link }: FakeSuperLink, takesToken: boolean): Promise<CreateRunResponse> {
  const driver = bindService(Driver, {
    authenticate: () => Promise.resolve({}),
    handlers: driverHandlers(link),
  });
  const { response } = await new DirectChannel(driver).call(Driver.method.createRun, {
    takesToken,
  });
  return response;
}

function runtimeOf({ link, clock }: FakeSuperLink): DirectChannel {
  return new DirectChannel(handStartedRuntime(link, clock));
}

Deno.test("hand-started: the token speaks for its run until that is over", async () => {
  await using superlink = await FakeSuperLink.start();
  const { link } = superlink;
  const created = await createRun(superlink, true);
  const runId = idFromWire(created.runId);
  const client = new RuntimeClient(runtimeOf(superlink), created.taskToken);
  const { nodeId } = await link.nodes.create({ heartbeatInterval: 30 });
  assert.deepEqual((await client.nodes()).map((node) => node.nodeId), [nodeId]);
  assert.equal(await client.heartbeat(), true);
  await client.finish("completed", "all good");
  const { state, details } = (await link.runs.get(runId))!;
  assert.deepEqual([state, details], ["finished:completed", "all good"]);
  await assert.rejects(client.nodes(), { code: "cancelled" });
  assert.equal(client.ended.aborted, true);
});

Deno.test("hand-started: a token is not for another run", async () => {
  await using superlink = await FakeSuperLink.start();
  const [one, other] = [await createRun(superlink, true), await createRun(superlink, true)];
  const channel = runtimeOf(superlink);
  const pull = (runId: bigint) =>
    channel.call(
      Runtime.method.pullObject,
      { node: { nodeId: 1n }, runId: idFromWire(runId), objectId: "ab".repeat(32) },
      { metadata: () => Promise.resolve({ "flwr-task-token": one.taskToken }) },
    );
  assert.equal((await pull(one.runId)).response.objectFound, false);
  await assert.rejects(pull(other.runId), { api: "message-run-mismatch" });
});

Deno.test("hand-started: a ServerApp that asks for no token gets none, and needs no heartbeats", async () => {
  await using superlink = await FakeSuperLink.start();
  const created = await createRun(superlink, false);
  assert.equal(created.taskToken, "");
  await superlink.clock.advance(2 * 86_400);
  const run = await superlink.link.runs.get(idFromWire(created.runId));
  assert.equal(run?.state, "running");
});

Deno.test("hand-started: the token of a submitted run is not valid there", async () => {
  await using superlink = await FakeSuperLink.start();
  const fab = { hash: "ab", content: new Uint8Array([1]) };
  await superlink.link.runs.create({ fabId: "me/app", fabVersion: "1", fab });
  const { token } = (await superlink.link.runs.claim())!;
  await superlink.link.runs.begin(token);
  await new RuntimeClient(new DirectChannel(superlink.runtime), token).nodes();
  const client = new RuntimeClient(runtimeOf(superlink), token);
  await assert.rejects(client.nodes(), { code: "cancelled" });
  const { response } = await new DirectChannel(superlink.runtime).call(
    Runtime.method.sendTaskHeartbeat,
    create(Runtime.method.sendTaskHeartbeat.input),
    { metadata: () => Promise.resolve({ "flwr-task-token": token }) },
  );
  assert.equal(response.success, true);
});

Deno.test("hand-started: no task, app, log or artifact is to be had or left there", async () => {
  await using superlink = await FakeSuperLink.start();
  const methods = handStartedRuntime(superlink.link, superlink.clock).methods
    .map(({ desc }) => desc.name);
  const missing = Runtime.methods.map(({ name }) => name).filter((name) => !methods.includes(name));
  assert.deepEqual(missing.toSorted(), [
    "AcquireTask",
    "PullCheckpoint",
    "PullTaskInput",
    "PushArtifact",
    "PushCheckpoint",
    "PushLogs",
  ]);
});
