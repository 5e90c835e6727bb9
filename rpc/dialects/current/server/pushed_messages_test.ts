import { MAX_TREE_NODES } from "../object_tree.ts";
import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import {
  MessageSchema,
  type ObjectTree,
  ObjectTreeSchema,
} from "../../../../proto/gen/current/message_pb.ts";
import { turnsDuring } from "../../../../base/testing/turns_during.ts";
import { readPushedBatch, TREE_NODES_PER_TURN } from "./pushed_messages.ts";

const RUN_ID = 7n;
const id = (place: number) => place.toString(16).padStart(64, "0");

const node = (place: number, children: ObjectTree[] = []) =>
  create(ObjectTreeSchema, { objectId: id(place), children });

/** Creates a push of messages whose trees have this number of nodes. */
function pushOf(messages: number, nodes: number) {
  const leaves = Array.from({ length: nodes - 2 }, (_, place) => node(place + messages + 2));
  const places = Array.from({ length: messages }, (_, place) => place);
  return {
    messagesList: places.map((place) =>
      create(MessageSchema, {
        metadata: { runId: RUN_ID, messageId: id(place), messageType: "train", ttl: 60 },
        content: {},
      })
    ),
    messageObjectTrees: places.map((place) => node(place, [node(messages, leaves)])),
  };
}

Deno.test("a large tree is read in several turns of the event loop", async () => {
  const push = pushOf(1, MAX_TREE_NODES);
  const { result, turns } = await turnsDuring(() => readPushedBatch(push, RUN_ID));
  assert.equal(result.trees[0]!.size, MAX_TREE_NODES);
  assert.equal(turns, MAX_TREE_NODES / TREE_NODES_PER_TURN);
});

Deno.test("the trees of a batch share their turns", async () => {
  const push = pushOf(50, TREE_NODES_PER_TURN / 5);
  const { result, turns } = await turnsDuring(() => readPushedBatch(push, RUN_ID));
  assert.deepEqual(result.trees.map(({ size }) => size), Array(50).fill(TREE_NODES_PER_TURN / 5));
  assert.equal(turns, 10);
});

Deno.test("a small push is read in one turn", async () => {
  const { turns } = await turnsDuring(() => readPushedBatch(pushOf(2, 100), RUN_ID));
  assert.equal(turns, 0);
});

Deno.test("an error anywhere in the trees of a push is found", async () => {
  const push = pushOf(2, MAX_TREE_NODES);
  const [content] = push.messageObjectTrees[1]!.children;
  content!.children[content!.children.length - 1]!.objectId = "x";
  await assert.rejects(
    readPushedBatch(push, RUN_ID),
    (error) => error instanceof FlwrError && error.code === "invalid-argument",
  );
  content!.children.push(node(1), node(1));
  content!.children[MAX_TREE_NODES - 3]!.objectId = id(MAX_TREE_NODES);
  await assert.rejects(
    readPushedBatch(push, RUN_ID),
    (error) => error instanceof FlwrError && error.code === "resource-exhausted",
  );
});
