import type { MessageInitShape } from "@bufbuild/protobuf";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { TaskIns, TaskRes, TaskResSchema } from "../../proto/gen/flwr-1.9/task_pb.ts";
import type { Credentials } from "./credentials.ts";
import { RawClient } from "./raw_client.ts";

/** Seconds during which the tests' instructions count. */
const TTL_SECONDS = 60;

/** A ServerApp of the 1.9 wire made by hand, with one run. */
export class RawDriver implements Disposable {
  readonly #client: RawClient;
  readonly runId: bigint;

  private constructor(client: RawClient, runId: bigint) {
    this.#client = client;
    this.runId = runId;
  }

  /** Connects and starts a run. */
  static async connect(driver: string, credentials?: Credentials): Promise<RawDriver> {
    const client = new RawClient(driver, credentials?.caCertificate);
    const { message } = await client.call(Driver.method.createRun, {});
    return new RawDriver(client, message.runId);
  }

  /** The ids of the nodes that are online. */
  async nodes(): Promise<bigint[]> {
    const { message } = await this.#client.call(Driver.method.getNodes, { runId: this.runId });
    return message.nodes.map((node) => node.nodeId);
  }

  /** Gives a node something to do and returns the instruction's id. */
  async instruct(nodeId: bigint): Promise<string> {
    const { message } = await this.#client.call(Driver.method.pushTaskIns, {
      taskInsList: [{
        runId: this.runId,
        groupId: "1",
        task: {
          producer: { nodeId: 0n, anonymous: true },
          consumer: { nodeId, anonymous: false },
          createdAt: Date.now() / 1000,
          ttl: TTL_SECONDS,
          taskType: "query",
          recordset: {},
        },
      }],
    });
    return message.taskIds[0]!;
  }

  /** The replies to an instruction that are there and were not fetched before. */
  async replies(taskId: string): Promise<TaskRes[]> {
    const { message } = await this.#client.call(Driver.method.pullTaskRes, {
      node: { nodeId: 0n, anonymous: true },
      taskIds: [taskId],
    });
    return message.taskResList;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/**
 * The reply of a node to an instruction, as an honest node would make it.
 *
 * @param producer who says that it replies
 * @param error what the reply says instead of content, to tell it from others
 */
export function replyTo(
  instruction: TaskIns,
  producer: bigint,
  error?: string,
): MessageInitShape<typeof TaskResSchema> {
  const { groupId, runId, task } = instruction;
  return {
    groupId,
    runId,
    task: {
      producer: { nodeId: producer, anonymous: false },
      consumer: { nodeId: 0n, anonymous: true },
      // strictly later than the instruction, whatever the clock's resolution
      createdAt: Math.max(Date.now() / 1000, task!.createdAt + 0.001),
      ttl: task!.ttl - 1,
      ancestry: [instruction.taskId],
      taskType: task!.taskType,
      ...error === undefined ? { recordset: {} } : { error: { code: 0n, reason: error } },
    },
  };
}
