import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../../../app/array_record.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import { MetricRecord } from "../../../../app/metric_record.ts";
import { NdArray } from "../../../../app/nd_array.ts";
import { RecordDict, type RecordDictInit } from "../../../../app/record_dict.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { createLink } from "../../../../link/create_link.ts";
import type { Link } from "../../../../link/link.ts";
import type { MessageDraft } from "../../../../entities/message.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import { Fleet } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { type TaskIns, TaskResSchema } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { messageObject } from "../../../objects/message.ts";
import { recordDictFromWire, recordDictToWire } from "../../record_dict.ts";
import { nodeToWire } from "../node_id.ts";
import { dictToRecordSet, recordSetToDict } from "../recordset.ts";
import { loadContent, pushStored, storeMessage } from "./content.ts";
import { fleetHandlers } from "./fleet_service.ts";

/** A current ServerApp at one side of a SuperLink, and a node of Flower 1.9 at the other. */
class MixedRun implements AsyncDisposable {
  readonly #link: Link;
  readonly #clock: FakeClock;
  readonly #fleet;

  private constructor(link: Link, clock: FakeClock) {
    this.#link = link;
    this.#clock = clock;
    this.#fleet = fleetHandlers(link, (error) => assert.fail(String(error)));
  }

  static async start(): Promise<MixedRun> {
    const clock = new FakeClock();
    const store = new MemoryStore();
    const random = seededRandom(1);
    return new MixedRun(await createLink({ store, clock, random, messageObject }), clock);
  }

  /**
   * Sends an instruction, lets the node answer it, and returns the reply.
   *
   * @param answer the node's reply to the received records
   */
  async ask(
    messageType: string,
    content: RecordDictInit,
    answer: (got: RecordDict) => RecordDictInit,
  ): Promise<RecordDict | { code: number; reason: string }> {
    const [node, { run }] = [
      await this.#link.nodes.create({ heartbeatInterval: 30 }),
      await this.#link.runs.start({ fabId: "", fabVersion: "", lifeSign: "instructions" }),
    ];
    const draft: MessageDraft = {
      runId: run.runId,
      srcNodeId: SUPERLINK_NODE_ID,
      dstNodeId: node.nodeId,
      replyToMessageId: "",
      groupId: "",
      messageType,
      createdAt: this.#clock.now(),
      ttl: 3600,
    };
    const stored = await storeMessage(
      draft,
      recordDictToWire(RecordDict.from(content)),
    );
    assert.deepEqual(await pushStored(this.#link, SUPERLINK_NODE_ID, [stored]), [undefined]);
    const taskIns = await this.#pull(node.nodeId);
    const got = recordDictFromWire(recordSetToDict(taskIns.task!.recordset!));
    await this.#push(node.nodeId, taskIns, RecordDict.from(answer(got)));
    const [reply] = await this.#link.messages.pullReplies([stored.message.messageId]);
    if (reply!.error !== undefined) return reply!.error;
    return recordDictFromWire((await loadContent(this.#link, reply!))!);
  }

  async #pull(nodeId: bigint): Promise<TaskIns> {
    const request = create(Fleet.method.pullTaskIns.input, { node: nodeToWire(nodeId) });
    const { taskInsList } = await this.#fleet.pullTaskIns(request, this.#call());
    return taskInsList![0] as TaskIns;
  }

  async #push(nodeId: bigint, taskIns: TaskIns, content: RecordDict): Promise<void> {
    const taskRes = create(TaskResSchema, {
      runId: taskIns.runId,
      groupId: taskIns.groupId,
      task: {
        producer: nodeToWire(nodeId),
        consumer: nodeToWire(SUPERLINK_NODE_ID),
        createdAt: this.#clock.now(),
        ttl: 3600,
        ancestry: [taskIns.taskId],
        taskType: taskIns.task!.taskType,
        recordset: dictToRecordSet(recordDictToWire(content)),
      },
    });
    const request = create(Fleet.method.pushTaskRes.input, { taskResList: [taskRes] });
    await this.#fleet.pushTaskRes(request, this.#call());
  }

  #call() {
    return {
      transport: "grpc" as const,
      method: "",
      peer: "",
      header: () => undefined,
      headerBytes: () => undefined,
      setHeader: () => {},
      caller: { revoked: new AbortController().signal },
      signal: new AbortController().signal,
      delivered: Promise.resolve(true),
      reserve: () => Promise.resolve(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }
}

const npy = new NdArray({
  dtype: "float32",
  shape: [1],
  stype: "numpy.ndarray",
  data: new Uint8Array(4),
});
const ok = new ConfigRecord({ code: 0, message: "Success" });

Deno.test("a 1.9 node trains for a current ServerApp, with names translated for both", async () => {
  await using run = await MixedRun.start();
  const reply = await run.ask(
    "train",
    {
      arrays: new ArrayRecord({ "fc.weight": npy, "fc.bias": npy }),
      config: new ConfigRecord({ lr: 0.5 }),
    },
    (got) => {
      assert.deepEqual([...got.keys()], ["fitins.parameters", "fitins.config"]);
      assert.equal(got.configRecord("fitins.config").get("lr"), 0.5);
      const parameters = got.arrayRecord("fitins.parameters");
      return {
        // A NumPyClient numbers its arrays.
        "fitres.parameters": parameters.withNames(["0", "1"]),
        "fitres.num_examples": new MetricRecord({ num_examples: 10 }),
        "fitres.metrics": new ConfigRecord({ accuracy: 0.25 }),
        "fitres.status": ok,
      };
    },
  );
  assert.ok(reply instanceof RecordDict);
  assert.deepEqual([...reply.keys()], ["arrays", "metrics"]);
  assert.deepEqual([...reply.arrayRecord("arrays").keys()], ["fc.weight", "fc.bias"]);
  assert.deepEqual(reply.metricRecord("metrics").toObject(), {
    "num-examples": 10,
    accuracy: 0.25,
  });
});

Deno.test("a 1.9 client's failure status becomes an error for a current ServerApp", async () => {
  await using run = await MixedRun.start();
  const reply = await run.ask("evaluate", { arrays: new ArrayRecord({ "0": npy }) }, () => ({
    "evaluateres.status": new ConfigRecord({ code: 4, message: "no evaluate" }),
  }));
  assert.ok(!(reply instanceof RecordDict));
  assert.match(reply.reason, /EVALUATE_NOT_IMPLEMENTED: no evaluate/);
});

Deno.test("instructions with older names, and their replies, are not changed", async () => {
  await using run = await MixedRun.start();
  const instruction = {
    "fitins.parameters": new ArrayRecord({ "0": npy }),
    "fitins.config": new ConfigRecord({ lr: 0.5 }),
  };
  const answer = {
    "fitres.num_examples": new MetricRecord({ num_examples: 1 }),
    "fitres.status": ok,
  };
  const reply = await run.ask("train", instruction, (got) => {
    assert.deepEqual([...got.keys()], Object.keys(instruction));
    return answer;
  });
  assert.ok(reply instanceof RecordDict);
  assert.deepEqual([...reply.keys()].toSorted(), Object.keys(answer).toSorted());
});

Deno.test("queries, and records without an older name, are not changed", async () => {
  await using run = await MixedRun.start();
  const content = { question: new ConfigRecord({ text: "how many?" }) };
  const reply = await run.ask("query", content, (got) => got);
  assert.ok(reply instanceof RecordDict);
  assert.deepEqual([...reply.keys()], ["question"]);
});
