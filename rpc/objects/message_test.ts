import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { LinkObject } from "../../entities/object.ts";
import { MessageSchema } from "../../proto/gen/current/message_pb.ts";
import { messageObject, parseMessageObject } from "./message.ts";
import { makeObject, parseObject } from "./object.ts";

interface Golden {
  readonly name: string;
  readonly type: string;
  readonly object_id: string;
  readonly content_b64: string;
}

/** Messages of Flower 1.41 as objects. */
const GOLDEN = (JSON.parse(
  Deno.readTextFileSync(
    new URL("../../tests/vectors/flwr-1.41-objects/objects.json", import.meta.url),
  ),
) as Golden[]).filter(({ type }) => type === "Message");

function objectOf({ object_id: id, content_b64 }: Golden): LinkObject {
  const bytes = new Uint8Array(Buffer.from(content_b64, "base64"));
  return { id, bytes, children: parseObject(bytes).children };
}

Deno.test("a Message object of Flower 1.41 has the same bytes and id here", () => {
  const object = objectOf(GOLDEN.find(({ name }) => name === "message_train")!);
  const { messageId, ...draft } = parseMessageObject(object);
  assert.equal(messageId, object.id);
  assert.deepEqual(messageObject(draft), object);
});

Deno.test("replies and errors of Flower 1.41 have the same bytes here, except for task ids", async () => {
  for (const golden of GOLDEN) {
    const object = objectOf(golden);
    const { type, children, body } = parseObject(object.bytes);
    const wire = fromBinary(MessageSchema, body);
    delete wire.metadata!.srcTaskId;
    delete wire.metadata!.dstTaskId;
    const expected = await makeObject(type, children, toBinary(MessageSchema, wire));
    assert.deepEqual(messageObject(parseMessageObject(object)), expected, golden.name);
  }
});

Deno.test("every Message object of Flower 1.41 is read: content or error, never both", () => {
  for (const golden of GOLDEN) {
    const object = objectOf(golden);
    const { content, error, messageType } = parseMessageObject(object);
    assert.equal(content === undefined, error !== undefined, golden.name);
    assert.equal(content, object.children[0]);
    assert.ok(messageType !== "");
  }
});

const METADATA = { runId: 1n, srcNodeId: 1n, dstNodeId: 2n, messageType: "train" };
const ERROR = { code: 2n, reason: "x" };

for (
  const [why, type, children, body] of [
    ["no message", "RecordDict", [], new TextEncoder().encode("{}")],
    ["a body that is none", "Message", ["a".repeat(64)], new Uint8Array([255])],
    ["no metadata", "Message", ["a".repeat(64)], message({})],
    [
      "an id inside",
      "Message",
      ["a".repeat(64)],
      message({
        metadata: { ...METADATA, messageId: "x" },
      }),
    ],
    ["content inside", "Message", ["a".repeat(64)], message({ metadata: METADATA, content: {} })],
    ["neither content nor error", "Message", [], message({ metadata: METADATA })],
    [
      "content and error",
      "Message",
      ["a".repeat(64)],
      message({
        metadata: METADATA,
        error: ERROR,
      }),
    ],
    ["two contents", "Message", ["a".repeat(64), "b".repeat(64)], message({ metadata: METADATA })],
  ] as const
) {
  Deno.test(`a Message object with ${why} is refused`, async () => {
    const object = await makeObject(type, children, body);
    assert.throws(
      () => parseMessageObject(object),
      (error) => error instanceof FlwrError && error.code === "invalid-argument",
    );
  });
}

function message(init: Parameters<typeof create<typeof MessageSchema>>[1]): Uint8Array {
  return toBinary(MessageSchema, create(MessageSchema, init));
}
