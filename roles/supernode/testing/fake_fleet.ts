import { ConfigRecord } from "../../../app/config_record.ts";
import type { AppBundle, FleetConnection, RunInfo } from "../../../app/connection.ts";
import { Message } from "../../../app/message.ts";
import { FlwrError } from "../../../base/error.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { FakeClock } from "../../../base/clock.ts";
import { seededRandom } from "../../../base/random.ts";
import { settle } from "../../../base/testing/settle.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { type NodeOptions, SuperNode } from "../node.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import { RunCatalogue } from "../runs/run_catalogue.ts";

/** The node id that the fake SuperLink assigns. */
export const NODE_ID = 42n;

/** Fake of a SuperLink that hands out the test's messages. A pull waits while there are none. */
export class FakeFleet implements FleetConnection {
  readonly calls: string[] = [];
  readonly replies: Message[] = [];
  readonly seconds: (number | undefined)[] = [];
  /** Runs that are over. Replies to them and requests for them are refused. */
  readonly over = new Set<bigint>();
  /** The series of each run. A run that is missing here is one of the 1.9 wire. */
  readonly series = new Map<bigint, bigint>();
  joinAnswer: () => bigint = () => NODE_ID;
  heartbeatAnswer: () => boolean | Promise<boolean> = () => true;
  pullAnswer: (() => Message | undefined) | undefined;
  #waiting: Message[] = [];
  #wake = Promise.withResolvers<void>();
  #pushed = Promise.withResolvers<void>();

  /** Adds messages to hand out. */
  give(...messages: Message[]): void {
    this.#waiting.push(...messages);
    this.#wake.resolve();
  }

  /** Resolves when a number of replies have arrived. */
  async replied(count: number): Promise<void> {
    while (this.replies.length < count) await this.#pushed.promise;
  }

  join(): Promise<bigint> {
    this.calls.push("join");
    return Promise.try(this.joinAnswer);
  }

  heartbeat(): Promise<boolean> {
    this.calls.push("heartbeat");
    return Promise.resolve(this.heartbeatAnswer());
  }

  async pull(signal?: AbortSignal): Promise<Message | undefined> {
    this.calls.push("pull");
    if (this.pullAnswer !== undefined) return this.pullAnswer();
    while (this.#waiting.length === 0 && !signal?.aborted) {
      const aborted = new Promise<void>((resolve) =>
        signal?.addEventListener("abort", () => resolve(), { once: true })
      );
      await Promise.race([this.#wake.promise, aborted]);
      this.#wake = Promise.withResolvers();
    }
    return this.#waiting.shift();
  }

  push(reply: Message, seconds?: number): Promise<void> {
    if (this.over.has(reply.metadata.runId)) {
      return Promise.reject(new ApiError("run-not-running", "Run is not running"));
    }
    this.replies.push(reply);
    this.seconds.push(seconds);
    this.#pushed.resolve();
    this.#pushed = Promise.withResolvers();
    return Promise.resolve();
  }

  run(runId: bigint): Promise<RunInfo | undefined> {
    this.calls.push("run");
    if (this.over.has(runId)) {
      return Promise.reject(new ApiError("run-not-running", "Run is not running"));
    }
    const seriesId = this.series.get(runId);
    return Promise.resolve(
      seriesId === undefined ? undefined : {
        runId,
        seriesId,
        fabId: "",
        fabVersion: "",
        fabHash: "",
        overrideConfig: new ConfigRecord(),
      },
    );
  }

  fab(): Promise<AppBundle> {
    throw new Error("no test fetches a bundle here");
  }

  piece(): Promise<Uint8Array> {
    return Promise.reject(new FlwrError("not-found", "No bundle here has attachments"));
  }

  leave(): Promise<void> {
    this.calls.push("leave");
    return Promise.resolve();
  }

  close(): void {}
}

/** An app's handler of messages. */
export type Handle = MessageHandler["handle"];

/** Replies with the number of earlier messages of the run. */
export const echo: Handle = (message, { state }) => {
  const seen = state.metricRecords.get("seen")?.number("count") ?? 0;
  return Promise.resolve({
    reply: message.reply({ metrics: new MetricRecord({ seen }) }),
    state: new RecordDict({ seen: new MetricRecord({ count: seen + 1 }) }),
  });
};

/** Creates an instruction for the node. */
export function instruction(id: string, runId = 7n): Message {
  return Message.create({
    content: {},
    dstNodeId: NODE_ID,
    messageType: "train",
    groupId: "1",
  }).withMetadata({ messageId: id, runId });
}

/** Starts a node with an app at a fake SuperLink, on a fake clock. */
export function start(
  fleet: FakeFleet,
  handle: Handle = echo,
  options: Partial<Pick<NodeOptions, "releaseRun" | "sendErrorDetails" | "runs" | "onEvent">> = {},
) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const node = new SuperNode({
    connection: fleet,
    runs: new RunCatalogue(fleet, {
      appFor: () => Promise.resolve({ handler: { handle }, runConfig: new ConfigRecord() }),
    }),
    nodeConfig: new ConfigRecord(),
    superLink: "127.0.0.1:9092",
    clock,
    random: seededRandom(1),
    ...options,
  });
  return { clock, controller, node, ended: node.run(controller.signal) };
}

/** Advances the clock in steps of 1 s, shorter than any wait in these tests. */
export async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let waited = 0; waited < seconds; waited += 1) {
    await clock.advance(1);
    await settle();
  }
}
