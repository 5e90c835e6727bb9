/** Messages whose objects are sent inline, and objects of several messages in one response. */
import assert from "node:assert/strict";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { InlineObject } from "../../entities/push.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkObject } from "../../entities/object.ts";
import {
  type Bench,
  linkTest,
  MODEL_OBJECTS,
  object,
  rootOf,
  UPDATE_OBJECTS,
} from "../../tests/link/harness.ts";
import { handed, put, treeOf } from "./testing/pushing.ts";

const noWait = () => Promise.resolve();

/** Announces messages with some inline objects. */
function bring(
  bench: Bench,
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
  says: (object: LinkObject) => Partial<InlineObject> = () => ({}),
) {
  const [{ srcNodeId: nodeId, runId }] = messages as [NewLinkMessage];
  const needed = nodeId === SUPERLINK_NODE_ID ? MODEL_OBJECTS : UPDATE_OBJECTS;
  return bench.link.messages.openPush({
    nodeId,
    runId,
    messages,
    trees: messages.map((message) => treeOf(message, needed)),
    clientAppSeconds: messages.map(() => 1.5),
    inlineObjects: new Map(objects.map((object) => [object.id, { object, ...says(object) }])),
  });
}

linkTest(
  "instructions with all objects inline are accepted at once, without an open push",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const messages = [bench.instruction(nodeId), bench.instruction(nodeId)];
    const opened = await bring(bench, messages, [...MODEL_OBJECTS, ...messages.map(rootOf)]);
    assert.deepEqual(opened, { refusals: [undefined, undefined], missing: [], sessionId: "" });
    const { pushes, pushObjects, announced } = await bench.store.usage();
    assert.deepEqual([pushes, pushObjects, announced], [0, 0, 0]);
    await bench.restart();
    const taken = [
      await bench.link.messages.pullInstruction(nodeId),
      await bench.link.messages.pullInstruction(nodeId),
    ];
    assert.deepEqual(
      taken.map((one) => one?.messageId),
      messages.map(({ messageId }) => messageId),
    );
  },
);

linkTest(
  "a reply with all objects inline can be pulled, and its traffic and time are counted",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const reply = bench.reply(instruction);
    const asked = bench.link.messages.pullReplies([instruction.messageId], { holdSeconds: 20 });
    // The layer was sent with the instruction.
    const objects = [UPDATE_OBJECTS[0]!, UPDATE_OBJECTS[2]!, rootOf(reply)];
    const { bytesReceived } = (await bench.link.runs.get(bench.runId))!;
    assert.deepEqual((await bring(bench, [reply], objects)).missing, []);
    assert.deepEqual(await asked, [{ ...reply, pushedAt: bench.clock.now() }]);
    const run = (await bench.link.runs.get(bench.runId))!;
    assert.equal(run.clientAppSeconds, 1.5);
    const bytes = objects.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.equal(run.bytesReceived - bytesReceived, bytes);
    // Announced again, as if the response had been lost.
    assert.deepEqual((await bring(bench, [reply], objects)).missing, []);
    assert.equal((await bench.store.usage()).replies, 1);
  },
);

linkTest("only objects that were not sent inline are reported as missing", async (bench) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId);
  const [weights, layer, model] = MODEL_OBJECTS;
  const { missing, sessionId } = await bring(bench, [message], [model!, layer!, rootOf(message)]);
  assert.deepEqual(missing, ["weights"]);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.deepEqual(await put(bench, SUPERLINK_NODE_ID, sessionId, [weights!]), [true]);
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, message.messageId);
});

linkTest("objects that no message of the push needs are not stored", async (bench) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId);
  await bring(bench, [message], [...MODEL_OBJECTS, rootOf(message), object("foreign")]);
  assert.equal((await bench.store.usage()).objects, 4);
});

linkTest(
  "a message whose root names another sender or receiver is not accepted",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const reply = bench.reply(instruction);
    const said = { ...reply, dstNodeId: 99n };
    const { missing } = await bring(
      bench,
      [reply],
      [...UPDATE_OBJECTS, rootOf(reply)],
      ({ id }) => id === reply.messageId ? { message: said } : {},
    );
    assert.deepEqual(missing, [reply.messageId]);
    assert.deepEqual(await bench.link.messages.pullReplies([instruction.messageId]), []);
  },
);

linkTest("a message that is refused when complete leaves nothing behind", async (bench) => {
  const nodeId = await bench.node(1000);
  const chain = [object("bottom")];
  for (const name of ["low", "middle", "top"]) chain.push(object(name, chain.slice(-1)));
  const instruct = (content: LinkObject, objects: readonly LinkObject[]) => {
    const message = bench.instruction(nodeId, { content: content.id });
    const all = [...objects, rootOf(message)];
    return bench.link.messages.openPush({
      nodeId: SUPERLINK_NODE_ID,
      runId: bench.runId,
      messages: [message],
      trees: [new Map(all.map(({ id, children }) => [id, children]))],
      inlineObjects: new Map(all.map((object) => [object.id, { object }])),
    });
  };
  await instruct(chain[2]!, chain.slice(0, 3));
  const before = await bench.store.usage();
  assert.equal(before.objects, 4);
  // Together with stored objects it is deeper than allowed, which its announcement does not show.
  const { refusals } = await instruct(chain[3]!, [{ ...chain[2]!, children: [] }, chain[3]!]);
  assert.equal(refusals[0]?.code, "objects-too-deep");
  assert.equal(bench.eventsOf("instruction-refused").length, 1);
  assert.deepEqual(await bench.store.usage(), before);
}, { maxObjectDepth: 4 });

linkTest(
  "only its node can pull an instruction's objects together",
  async (bench) => {
    const [nodeId, other] = [await bench.node(1000), await bench.node(1000)];
    const { messageId } = await bench.push(nodeId);
    const pull = async (by: bigint, wanted = {}, runId = bench.runId) => {
      const all = { messageIds: [messageId], maxBytes: 1000, maxObjects: 10, ...wanted };
      const { objects } = await bench.link.objects.pullTogether({ nodeId: by, runId }, all, noWait);
      return objects.map(({ id }) => id);
    };
    assert.deepEqual(await pull(nodeId), [], "not handed out yet");
    await bench.link.messages.pullInstruction(nodeId);
    const { bytesSent } = (await bench.link.runs.get(bench.runId))!;
    assert.deepEqual(await pull(nodeId), [messageId, "model", "weights", "layer"]);
    assert.ok((await bench.link.runs.get(bench.runId))!.bytesSent > bytesSent);
    assert.deepEqual(await pull(other), []);
    assert.deepEqual(await pull(SUPERLINK_NODE_ID), []);
    assert.deepEqual(await pull(nodeId, {}, bench.runId ^ 1n), []);
    assert.deepEqual(await pull(nodeId, { holds: new Set(["weights"]) }), [
      messageId,
      "model",
      "layer",
    ]);
    assert.deepEqual(await pull(nodeId, { holds: new Set(["model"]) }), [messageId]);
    assert.deepEqual(await pull(nodeId, { maxObjects: 2 }), [messageId, "model"]);
    assert.deepEqual(await pull(nodeId, { maxBytes: 16 }), ["model"]);
    assert.deepEqual(await pull(nodeId, { maxBytes: 0 }), []);
    await bench.link.nodes.unregister(nodeId, "self");
    assert.deepEqual(await pull(nodeId), []);
  },
);

linkTest(
  "replies are pulled together as far as they fit, complete where possible",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const replies = [];
    for (let turn = 0; turn < 3; turn++) {
      replies.push(
        await bench.answer(await handed(bench, nodeId)),
      );
    }
    const caller = { nodeId: SUPERLINK_NODE_ID, runId: bench.runId };
    const messageIds = replies.map(({ messageId }) => messageId);
    const pull = (wanted = {}) =>
      bench.link.objects.pullTogether(
        caller,
        { messageIds, maxBytes: 10_000, maxObjects: 100, ...wanted },
        noWait,
      );
    assert.deepEqual((await pull()).objects, [], "not pulled yet");
    await bench.link.messages.pullReplies(replies.map(({ replyToMessageId }) => replyToMessageId), {
      runId: bench.runId,
    });
    const all = await pull();
    assert.equal(all.served, 3);
    // The shared update once, and the root of each reply.
    assert.equal(all.objects.length, 3 + 3);
    // Four objects complete the first reply; each other reply needs one more.
    assert.equal((await pull({ maxObjects: 4 })).served, 1);
    const five = await pull({ maxObjects: 5 });
    assert.deepEqual([five.served, five.objects.length], [2, 5]);
    // No reply fits into so few objects: each gets what fits, and the rest is pulled one by one.
    const two = await pull({ maxObjects: 2 });
    assert.deepEqual([two.served >= 1, two.objects.length], [true, 2]);
  },
);

linkTest("makeRoom is awaited before bytes are read", async (bench) => {
  const nodeId = await bench.node(1000);
  const { messageId } = await handed(bench, nodeId);
  const asked: number[] = [];
  const wanted = { messageIds: [messageId], maxBytes: 1000, maxObjects: 10 };
  const makeRoom = async (bytes: number) => {
    asked.push(bytes);
    // Meanwhile the node answers and loses access to the objects.
    await bench.answer((await bench.link.messages.pullInstruction(nodeId)) ?? instruction);
  };
  const instruction = { ...bench.instruction(nodeId), messageId, pushedAt: 0 };
  const { objects } = await bench.link.objects.pullTogether(
    { nodeId, runId: bench.runId },
    wanted,
    makeRoom,
  );
  assert.deepEqual(objects, []);
  const sizes = [object("weights"), object("layer"), object("model"), object(messageId)];
  assert.deepEqual(asked, [sizes.reduce((sum, { bytes }) => sum + bytes.length, 0)]);
});
