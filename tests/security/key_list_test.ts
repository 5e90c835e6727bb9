/** Changes of the key list: removed keys are disconnected, added keys are admitted. */
import assert from "node:assert/strict";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { type Credentials, makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { startSuperLink } from "../support/flwr.ts";
import { RawDriver } from "../support/raw_driver.ts";
import { RawNode } from "../support/raw_node.ts";
import { assertRefused } from "../support/call_refusal.ts";
import { scenario } from "../support/stage.ts";

/** Seconds within which a change of the list must take effect. */
const RELOAD_SECONDS = 15;
const { ping, pullTaskIns } = Fleet.method;

scenario(
  "security: a key removed from the list is disconnected, an added one admitted",
  async (stage) => {
    const credentials = await makeCredentials(stage.folder.path, 2);
    await listKeys(credentials, [1]);
    const { driver, fleet } = await startSuperLink({ stage, credentials });
    using first = await (await RawNode.connect(fleet, credentials, 1)).join();
    using second = await RawNode.connect(fleet, credentials, 2);
    using run = await RawDriver.connect(driver, credentials);
    await assertRefused(second.join(), "UNAUTHENTICATED");
    const firstNode = { nodeId: first.id, anonymous: false };
    // A pull that is open when the key is removed must end without an instruction.
    const held = assertRefused(first.call(pullTaskIns, { node: firstNode }), "UNAUTHENTICATED");
    held.catch(() => {});

    await listKeys(credentials, [2]);
    await eventually(
      () => second.join().then(() => true, () => false),
      RELOAD_SECONDS,
      "the added key to be admitted",
    );

    await assertRefused(first.call(ping, { node: firstNode, pingInterval: 30 }), "UNAUTHENTICATED");
    await assertRefused(first.join(), "UNAUTHENTICATED");
    await held;
    assert.deepEqual(await run.nodes(), [second.id], "the removed key's node is gone");
    const secondNode = { nodeId: second.id, anonymous: false };
    const taskId = await run.instruct(second.id);
    const { taskInsList } = await second.call(pullTaskIns, { node: secondNode });
    assert.equal(taskInsList[0]?.taskId, taskId);
  },
);

/** Rewrites the key list with the public keys of these nodes. */
async function listKeys(credentials: Credentials, nodes: readonly number[]): Promise<void> {
  const cells = await Promise.all(
    nodes.map(async (node) => (await Deno.readTextFile(credentials.nodePublicKey(node))).trim()),
  );
  await Deno.writeTextFile(credentials.keyList, `${cells.join(",")}\n`);
}
