/** Replays on the 1.9 wire, whose tokens cover neither time nor method. See docs/threat-model.md. */
import assert from "node:assert/strict";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { makeCredentials } from "../support/credentials.ts";
import { startSuperLink } from "../support/flwr.ts";
import { RawDriver, replyTo } from "../support/raw_driver.ts";
import { RawNode } from "../support/raw_node.ts";
import { assertRefused } from "../support/call_refusal.ts";
import { scenario } from "../support/stage.ts";

/** More joins than a node needs in a few seconds. */
const FLOOD = 200;
const { createNode, ping, pullTaskIns, pushTaskRes } = Fleet.method;

scenario("security: a replayed reply counts once", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, 1);
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  using node = await (await RawNode.connect(fleet, credentials, 1)).join();
  using run = await RawDriver.connect(driver, credentials);
  const taskId = await run.instruct(node.id);
  const { taskInsList } = await node.call(pullTaskIns, {
    node: { nodeId: node.id, anonymous: false },
  });
  const reply = { taskResList: [replyTo(taskInsList[0]!, node.id)] };
  const headers = await node.headers(pushTaskRes.input, reply);
  const send = () => node.client.call(pushTaskRes, reply, headers);

  await send();
  await send().catch(() => {});
  const [counted, ...more] = await run.replies(taskId);
  assert.deepEqual(more, []);
  await send().catch(() => {});
  // A reply can be pulled again, because the response may be lost, but it is still the accepted one.
  for (const reply of await run.replies(taskId)) assert.equal(reply.taskId, counted!.taskId);
});

scenario("security: a flood of CreateNode is slowed down, other nodes are not", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, 2);
  const { fleet } = await startSuperLink({ stage, credentials });
  using quiet = await (await RawNode.connect(fleet, credentials, 1)).join();
  using loud = await RawNode.connect(fleet, credentials, 2);
  // The key is public, and CreateNode has no token, so anyone can send this.
  const flood = Array.from(
    { length: FLOOD },
    () => loud.client.call(createNode, { pingInterval: 30 }, loud.keyHeader()),
  );
  const outcomes = await Promise.allSettled(flood);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  assert.ok(refused.length > FLOOD / 2, `${refused.length} of ${FLOOD} calls were refused`);
  for (const { reason } of refused as PromiseRejectedResult[]) {
    await assertRefused(Promise.reject(reason), "UNAVAILABLE");
  }
  const request = { node: { nodeId: quiet.id, anonymous: false }, pingInterval: 30 };
  assert.equal((await quiet.call(ping, request)).success, true);
});
