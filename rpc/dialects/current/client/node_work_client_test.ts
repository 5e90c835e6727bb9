import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Channel } from "../../../channel.ts";
import { resultToBytes } from "../node_job.ts";
import { NodeWorkClient } from "./node_work_client.ts";

const NEVER = new AbortController().signal;
const clock = new FakeClock();
const message = Message.create({
  content: {},
  dstNodeId: 5n,
  messageType: "train",
  ttl: 100,
  clock,
}).withMetadata({ messageId: "simulated-1", runId: 1n });
const context = {
  runId: 1n,
  nodeId: 5n,
  nodeConfig: new ConfigRecord(),
  runConfig: new ConfigRecord(),
  state: new RecordDict(),
};

/** A SuperLink whose workers answer each job with the same bytes; undefined: never. */
function clientOf(output: Uint8Array | undefined, time = clock): NodeWorkClient {
  const call = (_method: unknown, _request: unknown, { signal }: { signal: AbortSignal }) =>
    output !== undefined
      ? Promise.resolve({ response: { contentMissing: false, output } })
      : new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new FlwrError("cancelled", "aborted")))
      );
  return new NodeWorkClient({ call } as unknown as Channel, time);
}

const reply = message.reply({}, { clock });
const state = new RecordDict();

Deno.test("NodeWorkClient: returns a worker's answer", async () => {
  const bytes = resultToBytes({ reply, state });
  const result = await clientOf(bytes).run(message, context, 1, NEVER);
  assert.equal(result.reply.metadata.replyToMessageId, "simulated-1");
});

Deno.test("NodeWorkClient: an instruction that no worker answers ends when it expires", async () => {
  const time = new FakeClock();
  const running = clientOf(undefined, time).run(message, context, 1, NEVER);
  running.catch(() => {});
  await time.advance(99);
  assert.equal(await Promise.race([running, Promise.resolve("waits")]), "waits");
  await time.advance(1);
  await assert.rejects(running, { code: "deadline-exceeded" });
});

Deno.test("NodeWorkClient: an answer that is no reply to the instruction is refused", async () => {
  const { metadata } = reply;
  const others = [
    reply.withMetadata({ replyToMessageId: "simulated-2" }),
    reply.withMetadata({ runId: 2n }),
    reply.withMetadata({ srcNodeId: 6n }),
    reply.withMetadata({ dstNodeId: 6n }),
    reply.withMetadata({ messageType: "evaluate" }),
  ];
  for (const other of others) {
    const running = clientOf(resultToBytes({ reply: other, state })).run(
      message,
      context,
      1,
      NEVER,
    );
    await assert.rejects(running, FlwrError, JSON.stringify(other.metadata, (_, v) => String(v)));
  }
  assert.equal(metadata.runId, 1n);
  for (const bytes of [new Uint8Array(), new Uint8Array(9).fill(255), new Uint8Array(9)]) {
    await assert.rejects(
      clientOf(bytes).run(message, context, 1, NEVER),
      FlwrError,
    );
  }
});

Deno.test("NodeWorkClient: a worker's text about a failure is cut, so that it cannot fill the log", async () => {
  const long = "x".repeat(1_000_000);
  const failed = new Message(reply.metadata, { code: 1, reason: long });
  const bytes = resultToBytes({ reply: failed, state, failure: long });
  const result = await clientOf(bytes).run(message, context, 1, NEVER);
  assert.ok(result.failure!.length < 10_000);
  assert.ok(result.reply.error!.reason.length < 10_000);
});
