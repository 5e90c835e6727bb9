import assert from "node:assert/strict";
import { turnsDuring } from "../../base/testing/turns_during.ts";
import { linkTest, object } from "../../tests/link/harness.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { openInstructions, treeOf } from "./testing/pushing.ts";

linkTest("checking the trees of a batch yields to the event loop", async (bench) => {
  const nodeId = await bench.node();
  const parts = Array.from({ length: 998 }, (_, place) => object(`part ${place}`));
  const content = object("content", parts);
  const messages = Array.from(
    { length: 50 },
    () => bench.instruction(nodeId, { content: content.id }),
  );
  const trees = messages.map((message) => treeOf(message, [content, ...parts]));
  const { result, turns } = await turnsDuring(() =>
    bench.link.messages.openPush({ nodeId: SUPERLINK_NODE_ID, runId: bench.runId, messages, trees })
  );
  assert.deepEqual(result.refusals, messages.map(() => undefined));
  assert.equal(result.missing.length, messages.length + 1 + parts.length);
  // 50 trees of 1000 objects, 5000 at a time.
  assert.ok(turns >= 10, `${turns} turns`);
});

linkTest("a fault in a later tree of a batch refuses that message alone", async (bench) => {
  const nodeId = await bench.node();
  const messages = [bench.instruction(nodeId), bench.instruction(nodeId)];
  const trees = [treeOf(messages[0]!, []), treeOf(messages[1]!, [])];
  trees[1] = new Map([[messages[1]!.messageId, ["another content"]]]);
  const { refusals } = await bench.link.messages.openPush({
    nodeId: SUPERLINK_NODE_ID,
    runId: bench.runId,
    messages,
    trees,
  });
  assert.deepEqual(refusals.map((refusal) => refusal !== undefined), [false, true]);
  assert.equal((await openInstructions(bench, [messages[0]!])).refusals[0], undefined);
});
