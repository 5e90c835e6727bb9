import assert from "node:assert/strict";
import { create, fromBinary } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { Message } from "../../../../app/message.ts";
import { MessageErrorCode, SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import { recordDictToPlain } from "../../../../app/transferable.ts";
import { PullTaskResResponseSchema } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { PullTaskInsResponseSchema } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { TaskInsSchema } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { tensor } from "../../../../tensor/tensor.ts";
import { recordedCalls } from "../../../testing/recorded.ts";
import { instructionToWire, messageFromWire, replyToWire } from "./task.ts";

function answers(service: "fleet" | "driver", method: string): Uint8Array[] {
  return recordedCalls(service).filter(({ path }) => path === method).map(({ response }) =>
    response
  );
}

Deno.test("every instruction that a Python SuperLink handed out is read", () => {
  const pulled = (answers("fleet", "/flwr.proto.Fleet/PullTaskIns"))
    .flatMap((bytes) => fromBinary(PullTaskInsResponseSchema, bytes).taskInsList);
  assert.ok(pulled.length > 3);
  for (const taskIns of pulled) {
    const { metadata, content } = messageFromWire(taskIns);
    assert.equal(metadata.srcNodeId, SUPERLINK_NODE_ID);
    assert.equal(metadata.messageId, taskIns.taskId);
    for (const arrays of content.arrayRecords.values()) arrays.tensors();
  }
});

Deno.test("every result that a Python SuperLink passed on is read, errors too", () => {
  const pulled = (answers("driver", "/flwr.proto.Driver/PullTaskRes"))
    .flatMap((bytes) => fromBinary(PullTaskResResponseSchema, bytes).taskResList)
    .map(messageFromWire);
  assert.ok(pulled.some(({ hasContent }) => hasContent));
  const failed = pulled.filter(({ error }) => error !== undefined);
  assert.ok(failed.some(({ error }) => error!.code === MessageErrorCode.ClientAppRaised));
});

Deno.test("the receiver of an error created by the SuperLink may lack the anonymous mark", () => {
  const made = create(TaskInsSchema, {
    taskId: "t",
    task: {
      producer: { nodeId: 5n, anonymous: false },
      consumer: { nodeId: 0n, anonymous: false },
      ancestry: ["i"],
      taskType: "train",
      error: { code: 3n, reason: "Error: Node Unavailable" },
    },
  });
  const { metadata, error } = messageFromWire(made);
  assert.equal(metadata.dstNodeId, SUPERLINK_NODE_ID);
  assert.equal(error!.code, MessageErrorCode.NodeUnavailable);
});

Deno.test("an instruction and its reply keep all their fields", () => {
  const instruction = Message.create({
    content: {
      arrays: ArrayRecord.fromTensors({ w: tensor("float32", [2], new Float32Array([1, 2])) }),
      config: new ConfigRecord({ epochs: 2, rate: 0.5 }),
    },
    dstNodeId: 2n ** 64n - 3n,
    messageType: "train",
    groupId: "4",
    ttl: 60,
  }).withMetadata({ runId: 2n ** 63n + 1n });
  const wire = instructionToWire(instruction);
  wire.taskId = "t";
  const read = messageFromWire(wire);
  assert.deepEqual(read.metadata, { ...instruction.metadata, messageId: "t" });
  assert.deepEqual(recordDictToPlain(read.content), recordDictToPlain(instruction.content));

  const reply = read.replyError(MessageErrorCode.ClientAppCrashed, "it fell over");
  const back = messageFromWire({ ...replyToWire(reply), taskId: "r" });
  assert.equal(back.metadata.replyToMessageId, "t");
  assert.equal(back.metadata.srcNodeId, 2n ** 64n - 3n);
  // Flower 1.9 has one code for all faults of a ClientApp.
  assert.deepEqual(back.error, { code: MessageErrorCode.ClientAppRaised, reason: "it fell over" });
});
