import assert from "node:assert/strict";
import { create, fromBinary } from "@bufbuild/protobuf";
import { MessageErrorCode, SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import { FlwrError } from "../../../../base/error.ts";
import { PushTaskInsRequestSchema } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { PushTaskResRequestSchema } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import {
  type TaskIns,
  TaskInsSchema,
  TaskResSchema,
} from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { idToWire } from "../node_id.ts";
import { recordedCalls } from "../../../testing/recorded.ts";
import { readPushedTask, taskInsToWire, taskResToWire } from "./task.ts";

function recorded(service: "fleet" | "driver", method: string): Uint8Array[] {
  return recordedCalls(service).filter(({ path }) => path === method).map(({ request }) => request);
}

const NODE = -5n;

function validInstruction(): TaskIns {
  return create(TaskInsSchema, {
    groupId: "1",
    runId: -7n,
    task: {
      producer: { nodeId: 0n, anonymous: true },
      consumer: { nodeId: NODE, anonymous: false },
      createdAt: 1_800_000_000,
      ttl: 3600,
      taskType: "train",
      recordset: {},
    },
  });
}

function refusalOf(change: (taskIns: TaskIns) => void): string {
  const taskIns = validInstruction();
  change(taskIns);
  try {
    readPushedTask(taskIns);
  } catch (error) {
    assert.ok(error instanceof FlwrError, String(error));
    assert.equal(error.code, "invalid-argument");
    return error.message;
  }
  throw new Error("The task was accepted");
}

Deno.test("every instruction that a Python ServerApp pushed is read", () => {
  const requests = recorded("driver", "/flwr.proto.Driver/PushTaskIns");
  assert.ok(requests.length > 5);
  for (const bytes of requests) {
    for (const taskIns of fromBinary(PushTaskInsRequestSchema, bytes).taskInsList) {
      const { message, recordSet } = readPushedTask(taskIns);
      assert.equal(message.srcNodeId, SUPERLINK_NODE_ID);
      assert.equal(idToWire(message.dstNodeId), taskIns.task!.consumer!.nodeId);
      assert.equal(message.replyToMessageId, "");
      assert.ok(recordSet !== undefined);
    }
  }
});

Deno.test("every result that a Python SuperNode pushed is read, errors too", () => {
  const requests = recorded("fleet", "/flwr.proto.Fleet/PushTaskRes");
  const read = requests.map((bytes) =>
    readPushedTask(fromBinary(PushTaskResRequestSchema, bytes).taskResList[0]!)
  );
  assert.ok(read.every(({ message }) => message.dstNodeId === SUPERLINK_NODE_ID));
  assert.ok(read.every(({ message }) => /^[0-9a-f-]{36}$/.test(message.replyToMessageId)));
  const failed = read.filter(({ message }) => message.error !== undefined);
  assert.ok(failed.length > 0);
  assert.ok(
    failed.every(({ message }) => message.error!.code === MessageErrorCode.ClientAppRaised),
  );
  assert.ok(failed.every(({ recordSet }) => recordSet === undefined));
});

Deno.test("a task that breaks Flower 1.9's rules is refused, naming the field", () => {
  readPushedTask(validInstruction());
  assert.match(refusalOf((ins) => ins.task = undefined), /"task".*missing/);
  assert.match(refusalOf((ins) => ins.taskId = "x"), /"task_id"/);
  assert.match(refusalOf((ins) => ins.task!.deliveredAt = "now"), /"delivered_at"/);
  assert.match(refusalOf((ins) => ins.task!.producer = undefined), /"producer"/);
  assert.match(refusalOf((ins) => ins.task!.producer!.nodeId = 3n), /"producer"/);
  assert.match(refusalOf((ins) => ins.task!.consumer!.nodeId = 0n), /"consumer"/);
  assert.match(refusalOf((ins) => ins.task!.ancestry = ["x"]), /"ancestry"/);
  assert.match(refusalOf((ins) => ins.task!.taskType = ""), /"task_type"/);
  assert.match(refusalOf((ins) => ins.task!.recordset = undefined), /"recordset"/);
});

Deno.test("a result must name the one task that it answers", () => {
  for (const ancestry of [[], [""], ["a", "b"]]) {
    const result = create(TaskResSchema, {
      task: { ...validInstruction().task!, ancestry },
    });
    assert.throws(() => readPushedTask(result), /"ancestry"/);
  }
});

Deno.test("a task is sent with the SuperLink's id and time", () => {
  const { message } = readPushedTask(validInstruction());
  const kept = { ...message, messageId: "id", pushedAt: 1_800_000_001, content: "0".repeat(64) };
  const ins = taskInsToWire(kept, undefined);
  assert.deepEqual(
    [ins.taskId, ins.groupId, ins.runId, ins.task!.consumer!.nodeId, ins.task!.pushedAt],
    ["id", "1", -7n, NODE, 1_800_000_001],
  );
  const res = taskResToWire({
    ...kept,
    srcNodeId: kept.dstNodeId,
    dstNodeId: SUPERLINK_NODE_ID,
    replyToMessageId: "id",
    content: undefined,
    error: { code: MessageErrorCode.NodeUnavailable, reason: "gone" },
  }, undefined);
  assert.deepEqual(res.task!.ancestry, ["id"]);
  assert.equal(res.task!.error!.code, 3n, "1.9 calls an absent node 3");
  assert.equal(res.task!.recordset, undefined);
});
