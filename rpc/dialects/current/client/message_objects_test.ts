import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { recordDicts } from "../../../../app/testing.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { recordDictToWire } from "../../record_dict.ts";
import { idsOfTree, treeFromWire } from "../object_tree.ts";
import { deflateMessages, inflateMessage } from "./message_objects.ts";

const clock = new FakeClock();

function instruction(content: RecordDict, dstNodeId = 4n): Message {
  return Message.create({ content, dstNodeId, messageType: "train", groupId: "2", clock })
    .withMetadata({ runId: 7n });
}

Deno.test("message objects: any message survives the conversion", async () => {
  await fc.assert(
    fc.asyncProperty(recordDicts, async (content) => {
      const message = instruction(content);
      const [deflated] = await deflateMessages([message]);
      const { id, objects } = deflated!;
      const back = inflateMessage(objects.get(id)!, (object) => objects.get(object));
      assert.deepEqual(back.metadata, { ...message.metadata, messageId: id });
      assert.deepEqual(recordDictToWire(back.content), recordDictToWire(content));
    }),
    { seed: 41, numRuns: 50 },
  );
});

Deno.test("message objects: an error needs only its own object", async () => {
  const error = instruction(new RecordDict()).replyError(2, "It broke", { clock });
  const [deflated] = await deflateMessages([error]);
  const { id, objects, wire } = deflated!;
  assert.deepEqual([...objects.keys()], [id]);
  assert.equal(wire.content, undefined);
  const back = inflateMessage(objects.get(id)!, () => undefined);
  assert.deepEqual(back.error, { code: 2, reason: "It broke" });
});

Deno.test("message objects: shared content is converted once, each message has its own id", async () => {
  const content = new RecordDict({ config: new ConfigRecord({ lr: 0.5 }) });
  const [a, b] = await deflateMessages([instruction(content, 4n), instruction(content, 5n)]);
  assert.notEqual(a!.id, b!.id);
  for (const [id, object] of a!.objects) {
    if (id !== a!.id) assert.equal(b!.objects.get(id), object);
  }
});

Deno.test("message objects: the announced tree contains every object, children first", async () => {
  const [deflated] = await deflateMessages([instruction(new RecordDict())]);
  const { id, wire, tree, objects } = deflated!;
  assert.equal(wire.metadata?.messageId, id);
  assert.deepEqual(wire.content?.items, []);
  const ids = idsOfTree(id, treeFromWire(tree));
  assert.equal(ids.at(-1), id);
  assert.deepEqual(new Set(ids), new Set(objects.keys()));
});
