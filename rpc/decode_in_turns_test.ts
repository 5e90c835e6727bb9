import assert from "node:assert/strict";
import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { turnsDuring } from "../base/testing/turns_during.ts";
import { PushTaskInsRequestSchema } from "../proto/gen/flwr-1.9/driver_pb.ts";
import { RecordSetSchema } from "../proto/gen/flwr-1.9/recordset_pb.ts";
import { PushAppMessagesRequestSchema } from "../proto/gen/current/runtime_pb.ts";
import { decode } from "./codec.ts";
import { DECODED_BYTES_PER_TURN, decodeInTurns } from "./decode_in_turns.ts";
import { MAX_BATCH_REQUEST_UNITS } from "./limits.ts";

/** A push of messages, each of which has a tree of so many children. */
function batchOf(messages: number, children: number) {
  const leaves = Array.from({ length: children }, (_, place) => ({ objectId: `${place}` }));
  return toBinary(
    PushAppMessagesRequestSchema,
    create(PushAppMessagesRequestSchema, {
      messagesList: Array.from({ length: messages }, (_, place) => ({
        metadata: { messageId: `m${place}`, runId: 7n },
        content: {},
      })),
      messageObjectTrees: Array.from({ length: messages }, (_, place) => ({
        objectId: `m${place}`,
        children: leaves,
      })),
      along: { takesBytes: 5n, confirms: [`m${messages}`] },
    }),
  );
}

/** Decodes bytes in turns, compares that with decoding at once, and counts the turns. */
async function decodedInTurns<M extends DescMessage>(schema: M, bytes: Uint8Array) {
  const { result, turns } = await turnsDuring(() =>
    decodeInTurns(schema, bytes, MAX_BATCH_REQUEST_UNITS)
  );
  assert.deepEqual(result, decode(schema, bytes));
  return { result, turns };
}

/** What one record that is as long as all of these bytes must let others have. */
function requireTurns(turns: number, { length }: Uint8Array): void {
  // What is not cut, as a key or a leaf, makes a part longer than a turn, never twice as long.
  assert.ok(turns >= Math.floor(length / DECODED_BYTES_PER_TURN / 2), `${turns} turns`);
  assert.ok(turns <= length / DECODED_BYTES_PER_TURN, `${turns} turns`);
}

Deno.test("a batch is decoded in turns of the event loop, and is the same", async () => {
  const bytes = batchOf(200, 1000);
  const { turns } = await decodedInTurns(PushAppMessagesRequestSchema, bytes);
  // Each part ends with the field that fills it.
  const largest = DECODED_BYTES_PER_TURN + Math.ceil(bytes.length / 200);
  assert.ok(turns >= Math.floor(bytes.length / largest), `${turns} turns`);
  assert.ok(turns <= bytes.length / DECODED_BYTES_PER_TURN, `${turns} turns`);
});

Deno.test("the tree of one message of 100,000 objects is decoded in turns", async () => {
  const bytes = batchOf(1, 100_000);
  const { turns } = await decodedInTurns(PushAppMessagesRequestSchema, bytes);
  requireTurns(turns, bytes);
});

Deno.test("100,000 objects that come with a push are decoded in turns", async () => {
  const schema = PushAppMessagesRequestSchema;
  const objects = Array.from({ length: 100_000 }, (_, place) => ({ objectId: `${place}` }));
  const bytes = toBinary(schema, create(schema, { along: { takesBytes: 1n, objects } }));
  const { turns } = await decodedInTurns(schema, bytes);
  requireTurns(turns, bytes);
});

Deno.test("maps' entries, lists of numbers and alternatives are cut where they are long", async () => {
  const doubles = Array.from({ length: 50_000 }, (_, place) => place / 7);
  const integers = Array.from({ length: 100_000 }, (_, place) => BigInt(place) ** 3n);
  const records = {
    metrics: {
      m: {
        data: {
          doubles: { value: { case: "doubleList" as const, value: { vals: doubles } } },
          integers: { value: { case: "sint64List" as const, value: { vals: integers } } },
          small: { value: { case: "double" as const, value: 0.5 } },
        },
      },
      other: {},
    },
  };
  const schema = PushTaskInsRequestSchema;
  const taskInsList = [{ taskId: "a", task: { recordset: records } }, { taskId: "b" }];
  const bytes = toBinary(schema, create(schema, { taskInsList }));
  const { turns } = await decodedInTurns(schema, bytes);
  requireTurns(turns, bytes);
  // The same key twice: the last entry counts, and in an entry the last value.
  const one = toBinary(RecordSetSchema, create(RecordSetSchema, records));
  await decodedInTurns(RecordSetSchema, new Uint8Array([...one, ...one]));
});

Deno.test("a single field that comes in pieces is merged across turns", async () => {
  const padding = batchOf(1, 30_000);
  // An unknown group, which has fields of its own.
  const group = Uint8Array.of(0xfb, 0x07, 0xf8, 0x07, 1, 0xfc, 0x07);
  const bytes = new Uint8Array([...padding, ...group, ...padding]);
  const { result } = await decodedInTurns(PushAppMessagesRequestSchema, bytes);
  assert.deepEqual(result.along?.confirms, ["m1", "m1"]);
});

Deno.test("a small batch waits for no turn; one with too many fields, or cut short, is refused", async () => {
  const schema = PushAppMessagesRequestSchema;
  const bytes = batchOf(2, 10);
  const small = await turnsDuring(() => decodeInTurns(schema, bytes, MAX_BATCH_REQUEST_UNITS));
  assert.equal(small.turns, 0);
  assert.deepEqual(await decodeInTurns(schema, new Uint8Array(), 10), create(schema));
  await assert.rejects(decodeInTurns(schema, bytes, 10), { api: "request-malformed" });
  for (const large of [batchOf(200, 1000), batchOf(1, 100_000)]) {
    await assert.rejects(decodeInTurns(schema, large.subarray(0, -1), MAX_BATCH_REQUEST_UNITS));
    const enough = 200 * 2 * 10;
    await assert.rejects(decodeInTurns(schema, large, enough), { api: "request-malformed" });
  }
});

Deno.test("messages that are nested deeper than may be are refused, however long they are", async () => {
  const schema = PushAppMessagesRequestSchema;
  interface Tree {
    readonly objectId: string;
    readonly children: Tree[];
  }
  let tree: Tree = {
    objectId: "x".repeat(2 * DECODED_BYTES_PER_TURN),
    children: [],
  };
  for (let level = 0; level < 200; level++) tree = { objectId: "", children: [tree] };
  const bytes = toBinary(schema, create(schema, { messageObjectTrees: [tree] }));
  assert.throws(() => decode(schema, bytes));
  await assert.rejects(decodeInTurns(schema, bytes, MAX_BATCH_REQUEST_UNITS));
});
