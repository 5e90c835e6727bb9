import { MAX_STATE_BYTES } from "./checked_reply.ts";
import assert from "node:assert/strict";
import type { PlainRecordDict } from "../../../app/transferable.ts";
import type { FromWorker } from "../../app/worker_protocol.ts";
import { decodeFrames, encodeFrame, MAX_FRAME_TEXT_BYTES } from "./frame.ts";
import { packSaid } from "./packed_messages.ts";
import { COPY_PIECE_BYTES, readSaid } from "./read_said.ts";

const METADATA = {
  runId: 1n,
  messageId: "",
  srcNodeId: 2n,
  dstNodeId: 2n ** 64n - 1n,
  replyToMessageId: "id",
  groupId: "",
  messageType: "train",
  createdAt: 1.5,
  ttl: 10,
};

const FAILURE = { told: "Error at client.ts:1:2", details: "Error: secret\n  at …" };

const arrays = (...data: Uint8Array[]): PlainRecordDict => [["a", {
  kind: "arrays",
  items: data.map((data, index) =>
    [`w${index}`, { dtype: "uint8", shape: [data.length], stype: "numpy.ndarray", data }] as const
  ),
}]];

/** What a process says, as the node gets it: its value, and where its bytes lie. */
async function sent(said: unknown) {
  const pieces = encodeFrame(said);
  const stream = new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream();
  const limits = { textBytes: MAX_FRAME_TEXT_BYTES.fromApp };
  return (await Array.fromAsync(decodeFrames(stream, limits)))[0]!;
}

const noTurn = () => Promise.resolve();

Deno.test("what an app says arrives as it was", async () => {
  const reply: FromWorker = {
    kind: "reply",
    message: { metadata: METADATA, content: arrays(Uint8Array.of(1), new Uint8Array(0)) },
    state: arrays(Uint8Array.of(2, 3)),
  };
  const error = { code: 2, reason: "no" };
  const said: FromWorker[] = [
    reply,
    { kind: "reply", message: { metadata: METADATA, error }, state: [], failure: FAILURE },
    { kind: "loaded" },
    { kind: "load-failed", message: "no", hints: ["try"], failure: FAILURE },
    { kind: "crashed", reason: "why", failure: FAILURE },
    { kind: "crashed", reason: "why" },
  ];
  for (const one of said) {
    const arrived = await readSaid((await sent(packSaid(one, true))).value, noTurn);
    assert.deepEqual(arrived, one.kind === "reply" ? { ...one, trained: true } : one);
  }
});

Deno.test("content lies in its frame; what is kept for long holds on to nothing else", async () => {
  const content = arrays(new Uint8Array(1000));
  const state = arrays(Uint8Array.of(1), new Uint8Array(8));
  const { value, body } = await sent(
    packSaid({ kind: "reply", message: { metadata: METADATA, content }, state }, false),
  );
  const said = await readSaid(value, noTurn);
  assert.ok(said.kind === "reply");
  const [taken, kept] = [said.message.content!, said.state].map(([entry]) => {
    const record = entry![1];
    assert.ok(record.kind === "arrays");
    return record.items.at(-1)![1].data.buffer;
  });
  assert.equal(taken, body);
  assert.equal(kept!.byteLength, 64 + 8);
});

Deno.test("a state is copied piece by piece, with turns between", async () => {
  const state = arrays(new Uint8Array(3 * COPY_PIECE_BYTES + 1));
  let turns = 0;
  const { value } = await sent(
    packSaid({ kind: "reply", message: { metadata: METADATA, content: [] }, state }, false),
  );
  await readSaid(value, () => Promise.resolve(void turns++));
  // One after the content, three between the pieces, one after the state.
  assert.equal(turns, 5);
});

const REPLY = { kind: "reply", message: { metadata: METADATA, content: {} }, state: {} };
const NONE = { columns: new Uint8Array(0), data: new Uint8Array(0) };

Deno.test("records that are not packed, or without end, are refused", async () => {
  const endless = new Uint8Array(0);
  Object.defineProperty(endless, "length", { value: MAX_STATE_BYTES + 1 });
  const wrong = [
    REPLY,
    { ...REPLY, message: { metadata: METADATA, content: [] } },
    { ...REPLY, message: { metadata: METADATA, content: NONE } },
    { ...REPLY, message: { metadata: METADATA, error: { code: 1, reason: "" } }, state: [] },
  ];
  for (const value of wrong) {
    await assert.rejects(readSaid(value, noTurn), { code: "invalid-argument" });
  }
  const error = { code: 1, reason: "" };
  const state = { ...NONE, data: endless };
  await assert.rejects(
    readSaid({ kind: "reply", message: { metadata: METADATA, error }, state }, noTurn),
    { code: "resource-exhausted" },
  );
});
