import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { settle } from "../../../../base/testing/settle.ts";
import { createLink } from "../../../../link/create_link.ts";
import type { Link } from "../../../../link/link.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { ErrorSchema } from "../../../../proto/gen/flwr-1.9/error_pb.ts";
import { Fleet } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { Node } from "../../../../proto/gen/flwr-1.9/node_pb.ts";
import { type TaskIns, TaskResSchema } from "../../../../proto/gen/flwr-1.9/task_pb.ts";
import { messageObject, parseMessageObject } from "../../../objects/message.ts";
import { readObject } from "../../../objects/object.ts";
import { idFromWire, nodeFromWire, nodeToWire } from "../node_id.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import { MAX_CONTENT_BYTES_PER_CALL } from "../limits.ts";
import { driverHandlers } from "./driver_service.ts";
import { fleetHandlers } from "./fleet_service.ts";

/** Both services over one SuperLink, called through their handlers, without a network. */
class Services implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly link: Link;
  readonly #fleet;
  readonly #driver;

  private constructor(link: Link, clock: FakeClock) {
    this.link = link;
    this.clock = clock;
    this.#fleet = fleetHandlers(link, (error) => assert.fail(String(error)));
    this.#driver = driverHandlers(link);
  }

  static async start(): Promise<Services> {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const store = new MemoryStore();
    return new Services(await createLink({ store, clock, random, messageObject }), clock);
  }

  fleet<M extends keyof typeof Fleet.method>(
    method: M,
    request: MessageInitShape<(typeof Fleet.method)[M]["input"]>,
    { delivered = true, signal = new AbortController().signal } = {},
  ) {
    const handler = this.#fleet[method] as (request: unknown, call: unknown) => Promise<unknown>;
    const caller = { revoked: new AbortController().signal };
    return handler(create(Fleet.method[method].input, request as never), {
      caller,
      signal,
      delivered: Promise.resolve(delivered),
    }) as Promise<MessageInitShape<(typeof Fleet.method)[M]["output"]>>;
  }

  driver<M extends keyof typeof Driver.method>(
    method: M,
    request: MessageInitShape<(typeof Driver.method)[M]["input"]>,
  ) {
    const handler = this.#driver[method] as (request: unknown, call: unknown) => Promise<unknown>;
    return handler(create(Driver.method[method].input, request as never), {
      signal: new AbortController().signal,
    }) as Promise<MessageInitShape<(typeof Driver.method)[M]["output"]>>;
  }

  /** Creates a node, a run, and an instruction that the node has pulled. */
  async handedOut(): Promise<{ node: Node; runId: bigint; taskIns: TaskIns }> {
    const { node } = await this.fleet("createNode", { pingInterval: 30 }) as { node: Node };
    const { runId } = await this.driver("createRun", {}) as { runId: bigint };
    await this.push(runId, node);
    const { taskInsList } = await this.fleet("pullTaskIns", { node });
    return { node, runId, taskIns: taskInsList![0] as TaskIns };
  }

  async push(runId: bigint, node: Node, data = new Uint8Array(8)): Promise<string> {
    const [id] = await this.pushAll(runId, [node], data);
    return id!;
  }

  /** Pushes the same task for several nodes. @returns the tasks' ids */
  async pushAll(
    runId: bigint,
    nodes: readonly Node[],
    data = new Uint8Array(8),
  ): Promise<string[]> {
    const { taskIds } = await this.driver("pushTaskIns", {
      taskInsList: nodes.map((node) => ({
        runId,
        groupId: "1",
        task: {
          producer: { nodeId: 0n, anonymous: true },
          consumer: node,
          createdAt: this.clock.now(),
          ttl: 3600,
          taskType: "train",
          recordset: { parameters: { p: { dataKeys: ["0"], dataValues: [{ data }] } } },
        },
      })),
    });
    return taskIds!;
  }

  result({ node, taskIns }: { node: Node; taskIns: TaskIns }, data = new Uint8Array(8)) {
    return create(TaskResSchema, {
      runId: taskIns.runId,
      groupId: taskIns.groupId,
      task: {
        producer: node,
        consumer: { nodeId: 0n, anonymous: true },
        createdAt: this.clock.now(),
        ttl: 3600,
        ancestry: [taskIns.taskId],
        taskType: "train",
        recordset: { parameters: { p: { dataKeys: ["0"], dataValues: [{ data }] } } },
      },
    });
  }

  /** Pulls the own object of a task's message as its receiver. */
  async object(receiver: Node, { taskId, runId }: { taskId: string; runId: bigint }) {
    const caller = { nodeId: nodeFromWire(receiver)!, runId: idFromWire(runId) };
    const { bytes } = await this.link.objects.pull(caller, taskId);
    return await readObject(taskId, bytes!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}

Deno.test("an instruction goes to its node, and the result to any caller that pulls it", async () => {
  await using services = await Services.start();
  const { node, taskIns } = await services.handedOut();
  assert.deepEqual(taskIns.task!.consumer!.nodeId, node.nodeId);
  const { results } = await services.fleet("pushTaskRes", {
    taskResList: [services.result({ node, taskIns })],
  });
  assert.ok(!Object.hasOwn(results!, "None"));
  const { taskResList } = await services.driver("pullTaskRes", { taskIds: [taskIns.taskId] });
  assert.deepEqual(taskResList![0]!.task!.ancestry, [taskIns.taskId]);
});

Deno.test("an undelivered instruction is sent again at the next pull", async () => {
  await using services = await Services.start();
  const { node } = await services.fleet("createNode", { pingInterval: 30 }) as { node: Node };
  const { runId } = await services.driver("createRun", {}) as { runId: bigint };
  const id = await services.push(runId, node);
  const lost = await services.fleet("pullTaskIns", { node }, { delivered: false });
  assert.equal(lost.taskInsList![0]!.taskId, id);
  const again = await services.fleet("pullTaskIns", { node });
  assert.equal(again.taskInsList![0]!.taskId, id);
});

Deno.test("an unacceptable result becomes an error for the ServerApp, not for the call", async () => {
  await using services = await Services.start();
  const { node, taskIns } = await services.handedOut();
  const broken = services.result({ node, taskIns });
  broken.task!.recordset!.parameters.p!.dataKeys = ["0", "1"];
  const { results } = await services.fleet("pushTaskRes", { taskResList: [broken] });
  assert.ok(Object.hasOwn(results!, "None"));
  const { taskResList } = await services.driver("pullTaskRes", { taskIds: [taskIns.taskId] });
  assert.match(taskResList![0]!.task!.error!.reason!, /2 names for 1 arrays/);
});

Deno.test("a result without readable metadata is refused, and the run does not change", async () => {
  await using services = await Services.start();
  const { node, taskIns } = await services.handedOut();
  const broken = services.result({ node, taskIns });
  broken.task!.ancestry = [];
  const { results } = await services.fleet("pushTaskRes", { taskResList: [broken] });
  assert.ok(Object.hasOwn(results!, "None"));
  const good = await services.fleet("pushTaskRes", {
    taskResList: [services.result({ node, taskIns })],
  });
  assert.ok(!Object.hasOwn(good.results!, "None"));
});

Deno.test("large results are spread over several responses, none is lost", async () => {
  await using services = await Services.start();
  const { runId } = await services.driver("createRun", {}) as { runId: bigint };
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    const { node } = await services.fleet("createNode", { pingInterval: 30 }) as { node: Node };
    ids.push(await services.push(runId, node));
    const { taskInsList } = await services.fleet("pullTaskIns", { node });
    const data = new Uint8Array(0.6 * MAX_CONTENT_BYTES_PER_CALL).fill(index);
    const result = services.result({ node, taskIns: taskInsList![0] as TaskIns }, data);
    await services.fleet("pushTaskRes", { taskResList: [result] });
  }
  const first = await services.driver("pullTaskRes", { taskIds: ids });
  assert.equal(first.taskResList!.length, 2);
  const taken = first.taskResList!.map(({ task }) => task!.ancestry![0]);
  const rest = await services.driver("pullTaskRes", {
    taskIds: ids.filter((id) => !taken.includes(id)),
  });
  assert.equal(rest.taskResList!.length, 1);
});

Deno.test("a call without a node, or with the anonymous one, is refused", async () => {
  await using services = await Services.start();
  for (
    const node of [undefined, { nodeId: 0n, anonymous: true }, { nodeId: 5n, anonymous: true }]
  ) {
    await assert.rejects(services.fleet("ping", { node, pingInterval: 30 }), /names no node/);
  }
});

Deno.test("invalid task ids are refused, unknown ones get an error reply", async () => {
  await using services = await Services.start();
  for (const id of ["x", "", "00000000-0000-4000-8000-000000000000"]) {
    await assert.rejects(
      services.driver("pullTaskRes", { taskIds: [id] }),
      /Task id ".*" is not valid/,
    );
  }
  const unknown = "0".repeat(64);
  const { taskResList } = await services.driver("pullTaskRes", { taskIds: [unknown] });
  assert.deepEqual(taskResList![0]!.task!.ancestry, [unknown]);
  assert.ok(taskResList![0]!.task!.error !== undefined);
});

Deno.test("a task's id is that of its message's own object, also for results and errors", async () => {
  await using services = await Services.start();
  const { node, taskIns } = await services.handedOut();
  const message = parseMessageObject(await services.object(taskIns.task!.consumer!, taskIns));
  assert.equal(message.messageId, taskIns.taskId);
  assert.equal(message.createdAt, taskIns.task!.createdAt);
  const failed = services.result({ node, taskIns });
  failed.task!.recordset = undefined;
  failed.task!.error = create(ErrorSchema, { code: 2n, reason: "boom" });
  const { results } = await services.fleet("pushTaskRes", { taskResList: [failed] });
  const [replyId] = Object.keys(results!);
  await services.driver("pullTaskRes", { taskIds: [taskIns.taskId] });
  const reply = await services.object(nodeToWire(SUPERLINK_NODE_ID), {
    taskId: replyId!,
    runId: taskIns.runId,
  });
  assert.deepEqual(parseMessageObject(reply).error, { code: 2, reason: "boom" });
});

Deno.test("tasks with equal fields are different tasks", async () => {
  await using services = await Services.start();
  const { node } = await services.fleet("createNode", { pingInterval: 30 }) as { node: Node };
  const { runId } = await services.driver("createRun", {}) as { runId: bigint };
  const ids = await services.pushAll(runId, [node, node, node]);
  assert.equal(new Set(ids.filter((id) => id !== "")).size, 3);
});

Deno.test("an unknown run has no nodes, and gets Flower 1.9's response", async () => {
  await using services = await Services.start();
  await services.fleet("createNode", { pingInterval: 30 });
  assert.deepEqual((await services.driver("getNodes", { runId: 99n })).nodes, []);
  const { run } = await services.fleet("getRun", { runId: 99n });
  assert.equal(run?.runId ?? 0n, 0n);
});

Deno.test("names of nodes are sent in the order of their ids, or not at all if no node has one", async () => {
  await using services = await Services.start();
  const { runId } = await services.driver("createRun", {}) as { runId: bigint };
  await services.fleet("createNode", { pingInterval: 30 });
  assert.deepEqual((await services.driver("getNodes", { runId })).names, []);
  const { node } = await services.fleet("createNode", { pingInterval: 30, name: "hospital-b" });
  await assert.rejects(services.fleet("createNode", { pingInterval: 30, name: "a\nb" }));
  const { nodes, names } = await services.driver("getNodes", { runId });
  assert.deepEqual([nodes!.length, names!.length], [2, 2]);
  const place = nodes!.findIndex(({ nodeId }) => nodeId === node!.nodeId);
  assert.deepEqual([names![place], names![1 - place]], ["hospital-b", ""]);
});

Deno.test("a result in the ServerApp's name is refused, and does not keep its run alive", async () => {
  await using services = await Services.start();
  const { node, runId, taskIns } = await services.handedOut();
  const days = async (count: number) => {
    for (let step = 0; step < count * 10; step++) {
      await services.clock.advance(8_640);
      await settle();
    }
  };
  await days(20);
  const forged = services.result({ node, taskIns });
  forged.task!.producer = nodeToWire(SUPERLINK_NODE_ID);
  const { results } = await services.fleet("pushTaskRes", { taskResList: [forged] });
  assert.deepEqual(Object.keys(results!), ["None"]);
  await days(11);
  const run = await services.link.runs.get(idFromWire(runId));
  assert.equal(run?.state, "finished:stopped");
});

Deno.test("a push reports which of its tasks were refused, across runs", async () => {
  await using services = await Services.start();
  const { node, runId } = await services.handedOut();
  const other = await services.driver("createRun", {}) as { runId: bigint };
  const task = (run: bigint, consumer: Node, data = new Uint8Array(4)) => ({
    runId: run,
    groupId: "2",
    task: {
      producer: { nodeId: 0n, anonymous: true },
      consumer,
      createdAt: services.clock.now(),
      ttl: 3600,
      taskType: "train",
      recordset: { parameters: { p: { dataKeys: ["0"], dataValues: [{ data }] } } },
    },
  });
  const { taskIds } = await services.driver("pushTaskIns", {
    taskInsList: [
      task(runId, node),
      task(other.runId, node),
      task(runId, nodeToWire(99n)),
      task(other.runId, node, new Uint8Array(5)),
    ],
  });
  assert.deepEqual(taskIds!.map((id) => id === ""), [false, false, true, false]);
  const pulled: string[] = [];
  for (let pull = 0; pull < 3; pull++) {
    const { taskInsList } = await services.fleet("pullTaskIns", { node });
    pulled.push(taskInsList![0]!.taskId!);
  }
  assert.deepEqual(new Set(pulled), new Set(taskIds!.filter((id) => id !== "")));
});
