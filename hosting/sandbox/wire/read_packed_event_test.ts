import { MAX_STATE_BYTES } from "./check_client_app_event.ts";
import assert from "node:assert/strict";
import type { PlainRecordDict } from "../../../app/transferable.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import { decodeFrames, encodeFrame, MAX_FRAME_TEXT_BYTES } from "./frame.ts";
import { packEvent } from "./packed_messages.ts";
import { COPY_PIECE_BYTES, readPackedEvent } from "./read_packed_event.ts";

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

const FAILURE = { summary: "Error at client.ts:1:2", details: "Error: secret\n  at …" };

const arrays = (...data: Uint8Array[]): PlainRecordDict => [["a", {
  kind: "arrays",
  items: data.map((data, index) =>
    [`w${index}`, { dtype: "uint8", shape: [data.length], stype: "numpy.ndarray", data }] as const
  ),
}]];

/** An event as the node receives it: its value, and the buffer of its bytes. */
async function sent(said: unknown) {
  const pieces = encodeFrame(said);
  const stream = new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream();
  const limits = { textBytes: MAX_FRAME_TEXT_BYTES.fromApp };
  return (await Array.fromAsync(decodeFrames(stream, limits)))[0]!;
}

const noTurn = () => Promise.resolve();

Deno.test("events arrive unchanged", async () => {
  const reply: ClientAppEvent = {
    kind: "reply",
    message: { metadata: METADATA, content: arrays(Uint8Array.of(1), new Uint8Array(0)) },
    state: arrays(Uint8Array.of(2, 3)),
  };
  const error = { code: 2, reason: "no" };
  const said: ClientAppEvent[] = [
    reply,
    { kind: "reply", message: { metadata: METADATA, error }, state: [], failure: FAILURE },
    { kind: "loaded" },
    { kind: "load-failed", message: "no", hints: ["try"], failure: FAILURE },
    { kind: "crashed", reason: "why", failure: FAILURE },
    { kind: "crashed", reason: "why" },
  ];
  for (const one of said) {
    const arrived = await readPackedEvent((await sent(packEvent(one, true))).value, noTurn);
    assert.deepEqual(arrived, one.kind === "reply" ? { ...one, trained: true } : one);
  }
});

Deno.test("content is a view of its frame; the state is a copy that keeps no frame in memory", async () => {
  const content = arrays(new Uint8Array(1000));
  const state = arrays(Uint8Array.of(1), new Uint8Array(8));
  const { value, body } = await sent(
    packEvent({ kind: "reply", message: { metadata: METADATA, content }, state }, false),
  );
  const said = await readPackedEvent(value, noTurn);
  assert.ok(said.kind === "reply");
  const [taken, kept] = [said.message.content!, said.state].map(([entry]) => {
    const record = entry![1];
    assert.ok(record.kind === "arrays");
    return record.items.at(-1)![1].data.buffer;
  });
  assert.equal(taken, body);
  assert.equal(kept!.byteLength, 64 + 8);
});

Deno.test("a state is copied in pieces, with turns of the event loop between them", async () => {
  const state = arrays(new Uint8Array(3 * COPY_PIECE_BYTES + 1));
  let turns = 0;
  const { value } = await sent(
    packEvent({ kind: "reply", message: { metadata: METADATA, content: [] }, state }, false),
  );
  await readPackedEvent(value, () => Promise.resolve(void turns++));
  // One turn after the content, three between the pieces, one after the state.
  assert.equal(turns, 5);
});

const REPLY = { kind: "reply", message: { metadata: METADATA, content: {} }, state: {} };
const NONE = { columns: new Uint8Array(0), data: new Uint8Array(0) };

Deno.test("records that are not packed or too large are refused", async () => {
  const endless = new Uint8Array(0);
  Object.defineProperty(endless, "length", { value: MAX_STATE_BYTES + 1 });
  const wrong = [
    REPLY,
    { ...REPLY, message: { metadata: METADATA, content: [] } },
    { ...REPLY, message: { metadata: METADATA, content: NONE } },
    { ...REPLY, message: { metadata: METADATA, error: { code: 1, reason: "" } }, state: [] },
  ];
  for (const value of wrong) {
    await assert.rejects(readPackedEvent(value, noTurn), { code: "invalid-argument" });
  }
  const error = { code: 1, reason: "" };
  const state = { ...NONE, data: endless };
  await assert.rejects(
    readPackedEvent({ kind: "reply", message: { metadata: METADATA, error }, state }, noTurn),
    { code: "resource-exhausted" },
  );
});
