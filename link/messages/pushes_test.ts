import assert from "node:assert/strict";
import {
  type Bench,
  linkTest,
  MODEL_OBJECTS,
  object,
  rootOf,
  UPDATE_OBJECTS,
} from "../../tests/link/harness.ts";
import type { LinkObject, ObjectTree } from "../../entities/object.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { handed, openInstructions, openReply, put, treeOf } from "./testing/pushing.ts";

linkTest("an instruction is accepted with its last object, in any order", async (bench) => {
  const nodeId = await bench.node(1000);
  const messages = [bench.instruction(nodeId), bench.instruction(nodeId)];
  const { refusals, missing, sessionId } = await openInstructions(bench, messages);
  assert.deepEqual(refusals, [undefined, undefined]);
  const [first, second] = messages.map(rootOf);
  assert.deepEqual(
    new Set(missing),
    new Set(["weights", "layer", "model", first!.id, second!.id]),
  );
  assert.equal(missing.length, 5, "each once");
  const held = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  const [weights, layer, model] = MODEL_OBJECTS;
  await put(bench, 1n, sessionId, [second!, model!, layer!]);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  await put(bench, 1n, sessionId, [weights!]);
  assert.equal((await held)?.messageId, messages[1]!.messageId);
  await put(bench, 1n, sessionId, [first!]);
  assert.equal(
    (await bench.link.messages.pullInstruction(nodeId))?.messageId,
    messages[0]!.messageId,
  );
});

linkTest("stored objects are not reported as missing", async (bench) => {
  const nodeId = await bench.node(1000);
  await bench.push(nodeId);
  const message = bench.instruction(nodeId);
  const { missing, sessionId } = await openInstructions(bench, [message]);
  assert.deepEqual(missing, [message.messageId]);
  assert.deepEqual(await put(bench, 1n, sessionId, [rootOf(message)]), [true]);
  const [, taken] = [
    await bench.link.messages.pullInstruction(nodeId),
    await bench.link.messages.pullInstruction(nodeId),
  ];
  assert.deepEqual(taken, { ...message, pushedAt: bench.clock.now(), delivery: 1 });
});

linkTest("an open push protects its objects from removal", async (bench) => {
  const nodeId = await bench.node(1000);
  const first = await bench.push(nodeId);
  const message = bench.instruction(nodeId);
  const { sessionId } = await openInstructions(bench, [message]);
  await bench.link.messages.pullInstruction(nodeId);
  await bench.answer(first);
  await put(bench, 1n, sessionId, [rootOf(message)]);
  const taken = (await bench.link.messages.pullInstruction(nodeId))!;
  assert.equal((await bench.stored(taken.messageId)).length, 4);
});

linkTest(
  "a reply is pushed object by object, and its ClientApp's time is counted",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const reply = bench.reply(instruction);
    const { refusals, missing, sessionId } = await openReply(bench, reply);
    assert.deepEqual(refusals, [undefined]);
    // The layer was stored with the model.
    assert.deepEqual(missing, [reply.messageId, "update", "gradients"]);
    const asked = bench.link.messages.pullReplies([instruction.messageId], {
      runId: bench.runId,
      holdSeconds: 20,
    });
    const objects = [rootOf(reply), UPDATE_OBJECTS[2]!, UPDATE_OBJECTS[0]!];
    assert.deepEqual(await put(bench, nodeId, sessionId, objects), [true, true, true]);
    assert.deepEqual(await asked, [{ ...reply, pushedAt: bench.clock.now() }]);
    const run = (await bench.link.runs.get(bench.runId))!;
    assert.equal(run.clientAppSeconds, 1.5);
    // Pushed twice, as if the response had been lost; without a session, like Flower before 1.34.
    assert.deepEqual(await put(bench, nodeId, sessionId, objects), [true, true, true]);
    assert.deepEqual(await put(bench, nodeId, "", objects), [true, true, true]);
    assert.equal((await bench.store.usage()).replies, 1);
  },
);

linkTest("an error is a message without content", async (bench) => {
  const nodeId = await bench.node(1000);
  const instruction = await handed(bench, nodeId);
  const { content: _, ...fields } = bench.reply(instruction);
  const reply = { ...fields, error: { code: 2, reason: "raised" } };
  const { missing, sessionId } = await bench.link.messages.openPush({
    nodeId,
    runId: bench.runId,
    messages: [reply],
    trees: [treeOf(reply, [])],
  });
  assert.deepEqual(missing, [reply.messageId]);
  await put(bench, nodeId, sessionId, [rootOf(reply)]);
  const [told] = await bench.link.messages.pullReplies([instruction.messageId]);
  assert.deepEqual(told?.error, { code: 2, reason: "raised" });
});

linkTest("announcing again returns the same result", async (bench) => {
  const nodeId = await bench.node(1000);
  const message = bench.instruction(nodeId);
  const first = await openInstructions(bench, [message]);
  assert.deepEqual(await openInstructions(bench, [message]), first);
  await put(bench, 1n, first.sessionId, MODEL_OBJECTS);
  const again = await openInstructions(bench, [message]);
  assert.deepEqual(again, { ...first, missing: [message.messageId] });
  await put(bench, 1n, first.sessionId, [rootOf(message)]);
  assert.deepEqual(await openInstructions(bench, [message]), {
    refusals: [undefined],
    missing: [],
    sessionId: "",
  });
  assert.equal(await bench.refusalOf(message, []), undefined);
  assert.notEqual(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);

  const reply = bench.reply(message as LinkMessage);
  const opened = await openReply(bench, reply);
  // Announced again in the meantime, with all its objects.
  assert.equal(await bench.refusalOf(reply, UPDATE_OBJECTS), undefined);
  assert.equal((await bench.store.usage()).replies, 1);
  assert.equal(await bench.refusalOf(reply, []), undefined);
  assert.deepEqual(await openReply(bench, reply), {
    refusals: [undefined],
    missing: [],
    sessionId: "",
  });
  assert.deepEqual(await put(bench, nodeId, opened.sessionId, [rootOf(reply)]), [true]);
  assert.equal((await bench.store.usage()).replies, 1);
});

linkTest("an object that several pushes lack is stored for all of them", async (bench) => {
  const nodes = [await bench.node(1000), await bench.node(1000)];
  const replies: NewLinkMessage[] = [];
  for (const nodeId of nodes) replies.push(bench.reply(await handed(bench, nodeId)));
  const [one, two] = [await openReply(bench, replies[0]!), await openReply(bench, replies[1]!)];
  assert.ok(one.missing.includes("gradients") && two.missing.includes("gradients"));
  await put(bench, nodes[0]!, one.sessionId, UPDATE_OBJECTS);
  await put(bench, nodes[1]!, two.sessionId, [rootOf(replies[1]!)]);
  await put(bench, nodes[0]!, one.sessionId, [rootOf(replies[0]!)]);
  const told = await bench.link.messages.pullReplies(
    replies.map((reply) => reply.replyToMessageId),
  );
  assert.equal(told.length, 2);
  // The second node does not know that, and pushes the object as requested.
  assert.deepEqual(await put(bench, nodes[1]!, two.sessionId, UPDATE_OBJECTS), [true, true, true]);
});

linkTest("without a session, an object goes to the push that lacks it", async (bench) => {
  const nodeId = await bench.node(1000);
  for (let round = 1; round <= 3; round++) {
    const reply = bench.reply(await handed(bench, nodeId));
    const { missing } = await openReply(bench, reply);
    // Confirmed replies leave nothing, so each round pushes the same objects again.
    assert.deepEqual(missing, [reply.messageId, "update", "gradients"]);
    const objects = [rootOf(reply), UPDATE_OBJECTS[2]!, UPDATE_OBJECTS[0]!];
    assert.deepEqual(await put(bench, nodeId, "", objects), [true, true, true]);
    const told = await bench.link.messages.pullReplies([reply.replyToMessageId], {
      runId: bench.runId,
    });
    assert.deepEqual(told.map(({ messageId }) => messageId), [reply.messageId], `round ${round}`);
    await bench.link.messages.confirmReceived({ nodeId: 1n, runId: bench.runId }, reply.messageId);
  }
});

linkTest(
  "without a session, an object goes to all open pushes that lack it",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instructions = [await handed(bench, nodeId), await handed(bench, nodeId)];
    const replies = instructions.map((instruction) => bench.reply(instruction));
    for (const reply of replies) await openReply(bench, reply);
    // Longer in total than pushSessionSeconds: each object extends both pushes.
    for (const each of UPDATE_OBJECTS) {
      await bench.pass(8);
      assert.deepEqual(await put(bench, nodeId, "", [each]), [true]);
    }
    assert.deepEqual(await put(bench, nodeId, "", replies.map(rootOf)), [true, true]);
    const told = await bench.link.messages.pullReplies(
      replies.map((reply) => reply.replyToMessageId),
    );
    assert.equal(told.length, 2);
  },
  { pushSessionSeconds: 10 },
);

linkTest(
  "an object is refused in another caller's push, and if it was not announced",
  async (bench) => {
    const [nodeId, other] = [await bench.node(1000), await bench.node(1000)];
    const reply = bench.reply(await handed(bench, nodeId));
    const { sessionId } = await openReply(bench, reply);
    const root = rootOf(reply);
    assert.deepEqual(await put(bench, other, sessionId, [root]), [false]);
    assert.deepEqual(await put(bench, 1n, sessionId, [root]), [false]);
    assert.deepEqual(await put(bench, other, "", [root]), [false]);
    assert.deepEqual(await put(bench, nodeId, "unknown", [root]), [false]);
    assert.deepEqual(await put(bench, nodeId, sessionId, [object("stray")]), [false]);
    const stray = { nodeId, runId: bench.runId ^ 1n, sessionId };
    assert.equal(await bench.link.messages.putObject(stray, root), false);
    assert.deepEqual(await put(bench, nodeId, "", [root]), [true]);
  },
);

linkTest("invalid messages are refused at once, and the others are not", async (bench) => {
  const nodeId = await bench.node(1000);
  const good = bench.instruction(nodeId);
  const open = (messages: NewLinkMessage[], trees: ObjectTree[]) =>
    bench.link.messages.openPush({ nodeId: 1n, runId: bench.runId, messages, trees });
  const bad = bench.instruction(nodeId);
  const { refusals, missing } = await open(
    [bench.instruction(99n), good, { ...bad, runId: 9n }, bad, bad, bad],
    [
      treeOf(bad, MODEL_OBJECTS),
      treeOf(good, MODEL_OBJECTS),
      treeOf(bad, MODEL_OBJECTS),
      new Map(),
      new Map([[bad.messageId, ["other"]]]),
    ],
  );
  assert.deepEqual(refusals.map((refusal) => refusal?.code), [
    "objects-not-announced",
    undefined,
    "wrong-run",
    "objects-not-announced",
    "content-not-child",
    "objects-not-announced",
  ]);
  assert.equal(missing.length, 4);
  const stranger = bench.instruction(99n);
  const unknown = await open([stranger], [treeOf(stranger, MODEL_OBJECTS)]);
  assert.equal(unknown.refusals[0]?.code, "node-unknown");
  assert.deepEqual([unknown.missing, unknown.sessionId], [[], ""]);
  assert.equal(bench.eventsOf("instruction-refused").length, 6);
});

linkTest(
  "a node can announce only its own replies to instructions that it was handed",
  async (bench) => {
    const [nodeId, other] = [await bench.node(1000), await bench.node(1000)];
    const instruction = await handed(bench, nodeId);
    const reply = bench.reply(instruction);
    const theirs = { ...reply, messageId: "theirs", srcNodeId: other };
    for (const [sender, message] of [[other, theirs], [other, reply]] as const) {
      const { refusals } = await bench.link.messages.openPush({
        nodeId: sender,
        runId: bench.runId,
        messages: [message],
        trees: [treeOf(message, UPDATE_OBJECTS)],
      });
      assert.notEqual(refusals[0], undefined);
    }
    await openReply(bench, reply);
    const { refusals } = await bench.link.messages.openPush({
      nodeId: other,
      runId: bench.runId,
      messages: [{ ...reply, srcNodeId: other }],
      trees: [treeOf(reply, UPDATE_OBJECTS)],
    });
    assert.equal(refusals[0]?.code, "id-taken");
  },
);

linkTest(
  "an object is read after makeRoom, if the caller may still access it",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const { runId } = bench;
    const asked: number[] = [];
    const makeRoom = (bytes: number) => {
      asked.push(bytes);
      return Promise.resolve();
    };
    const [weights] = MODEL_OBJECTS;
    const { bytes } = await bench.link.objects.pull({ nodeId, runId }, weights!.id, makeRoom);
    assert.deepEqual(bytes, weights!.bytes);
    assert.deepEqual(asked, [weights!.bytes.length]);
    // Without an object, makeRoom is not called.
    const other = await bench.node(1000);
    for (const [by, id] of [[other, weights!.id], [nodeId, "unknown"]] as const) {
      const pulled = await bench.link.objects.pull({ nodeId: by, runId }, id, makeRoom);
      assert.deepEqual(pulled, { found: false });
    }
    assert.equal(asked.length, 1);
    const late = await bench.link.objects.pull({ nodeId, runId }, weights!.id, async () => {
      await bench.answer(instruction);
    });
    assert.deepEqual(late, { found: false });
    const full = new Error("no room");
    const again = await handed(bench, nodeId);
    const pull = bench.link.objects.pull(
      { nodeId, runId },
      again.messageId,
      () => Promise.reject(full),
    );
    await assert.rejects(pull, full);
  },
);

linkTest("a message whose objects differ from its announcement is refused", async (bench) => {
  const nodeId = await bench.node(1000);
  const reply = bench.reply(await handed(bench, nodeId));
  const { missing, sessionId } = await openReply(bench, reply);
  assert.ok(missing.includes("update"));
  const lie = { ...rootOf(reply), children: ["layer"] };
  await put(bench, nodeId, sessionId, [...UPDATE_OBJECTS, lie]);
  const refused = bench.eventsOf("reply-refused").at(-1)!;
  assert.equal(refused.code, "content-not-child");
  const [error] = await bench.link.messages.pullReplies([reply.replyToMessageId]);
  assert.ok(error!.error!.reason.endsWith(refused.reason));
  await bench.pass(181);
  assert.equal((await bench.store.usage()).pushes, 0);
});

linkTest(
  "a message with an object that was not announced is never accepted and leaves nothing",
  async (bench) => {
    const nodeId = await bench.node(1000);
    const before = (await bench.store.usage()).objects;
    const message = bench.instruction(nodeId);
    const tree = new Map([[message.messageId, ["model"]], ["model", ["layer"]]]);
    const { missing, sessionId } = await bench.link.messages.openPush({
      nodeId: 1n,
      runId: bench.runId,
      messages: [message],
      trees: [tree],
    });
    assert.deepEqual(missing, [message.messageId, "model", "layer"]);
    const objects = [...MODEL_OBJECTS, rootOf(message)];
    assert.deepEqual(await put(bench, 1n, sessionId, objects), [false, true, true, true]);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    await bench.pass(181);
    assert.deepEqual((await bench.store.usage()).objects, before);
  },
);

/** Announces a reply whose content refers directly to all objects, whatever their bytes say. */
function openFlat(bench: Bench, reply: NewLinkMessage, objects: readonly LinkObject[]) {
  const { srcNodeId: nodeId, runId, messageId } = reply;
  const content = reply.content!;
  const others = objects.map(({ id }) => id).filter((id) => id !== content);
  const tree: ObjectTree = new Map([
    [messageId, [content]],
    [content, others],
    ...others.map((id): [string, string[]] => [id, []]),
  ]);
  return bench.link.messages.openPush({ nodeId, runId, messages: [reply], trees: [tree] });
}

/** `levels` levels of `width` objects, each referring to all objects of the next. The top level comes last. */
function lattice(levels: number, width: number): LinkObject[] {
  let below: LinkObject[] = [];
  const all: LinkObject[] = [];
  for (let level = levels; level > 0; level--) {
    below = Array.from(
      { length: level === 1 ? 1 : width },
      (_, place) => object(`${level}.${place}`, below),
    );
    all.push(...below);
  }
  return all;
}

for (
  const [what, objects, code] of [
    ["deeper", lattice(16, 1), "objects-too-deep"],
    ["wider", lattice(9, 5), "objects-too-many"],
  ] as const
) {
  linkTest(`a reply whose objects go ${what} than announced is refused`, async (bench) => {
    const nodeId = await bench.node(1000);
    const instruction = await handed(bench, nodeId);
    const reply = bench.reply(instruction, { content: objects.at(-1)!.id });
    const { sessionId } = await openFlat(bench, reply, objects);
    const stored = await put(bench, nodeId, sessionId, [...objects, rootOf(reply)]);
    assert.ok(stored.every(Boolean));

    const refused = bench.eventsOf("reply-refused")[0]!;
    assert.equal(refused.code, code);
    // Only the error reply is left.
    const [error] = await bench.link.messages.pullReplies([instruction.messageId]);
    assert.ok(error!.error!.reason.endsWith(refused.reason));
    const { replies, objects: kept } = await bench.store.usage();
    assert.deepEqual([replies, kept], [1, 1]);
  });
}

linkTest("a message's own object must match its announcement", async (bench) => {
  const [victim, thief] = [await bench.node(1000), await bench.node(1000)];
  const [theirs, own] = [await handed(bench, victim), await handed(bench, thief)];
  const reply = bench.reply(own);
  const { sessionId } = await openReply(bench, reply);
  const push = { nodeId: thief, runId: bench.runId, sessionId };
  await put(bench, thief, sessionId, UPDATE_OBJECTS);

  for (
    const lie of [
      { replyToMessageId: theirs.messageId },
      { dstNodeId: victim },
      { srcNodeId: victim },
      { runId: bench.runId + 1n },
    ]
  ) {
    assert.equal(
      await bench.link.messages.putObject(push, rootOf(reply), { ...reply, ...lie }),
      false,
    );
  }
  // It cannot be smuggled in as an object of another message and announced afterwards, either.
  const other = bench.reply(own);
  await openFlat(bench, bench.reply(own), [rootOf(other), ...UPDATE_OBJECTS]);
  assert.equal(
    await bench.link.messages.putObject({ ...push, sessionId: "" }, rootOf(other), other),
    false,
  );

  assert.deepEqual(await bench.link.messages.pullReplies([theirs.messageId, own.messageId]), []);
  assert.equal(await bench.link.messages.putObject(push, rootOf(reply), reply), true);
  const [told] = await bench.link.messages.pullReplies([own.messageId]);
  assert.equal(told!.messageId, reply.messageId);
});
