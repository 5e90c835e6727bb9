import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import type { AppBundle, FleetConnection, RunInfo } from "../../app/connection.ts";
import { Message } from "../../app/message.ts";
import { MessageErrorCode } from "../../app/metadata.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { ApiError } from "../../rpc/api_error.ts";
import { AppCrashed } from "./app_host.ts";
import {
  FAREWELL_SECONDS,
  MAX_APP_TRIES,
  RUN_CHECK_SECONDS,
  TAKE_OVER_PATIENCE_SECONDS,
  TAKE_OVER_TRY_SECONDS,
} from "./limits.ts";
import { SuperNode } from "./node.ts";
import { type MessageHandler, RunRefused } from "./runs/prepared_run.ts";
import { RunCatalogue } from "./runs/run_catalogue.ts";

const NODE_ID = 42n;

/** A SuperLink that hands out what the test gives it, and holds a pull while it has nothing. */
class FakeFleet implements FleetConnection {
  readonly calls: string[] = [];
  readonly replies: Message[] = [];
  readonly seconds: (number | undefined)[] = [];
  /** Runs that are over: to push a reply to them, or to ask for them, is refused. */
  readonly over = new Set<bigint>();
  /** Which series a run belongs to; a run that is not here is one of the 1.9 wire. */
  readonly series = new Map<bigint, bigint>();
  joinAnswer: () => bigint = () => NODE_ID;
  heartbeatAnswer: () => boolean = () => true;
  pullAnswer: (() => Message | undefined) | undefined;
  #waiting: Message[] = [];
  #wake = Promise.withResolvers<void>();
  #pushed = Promise.withResolvers<void>();

  give(...messages: Message[]): void {
    this.#waiting.push(...messages);
    this.#wake.resolve();
  }

  /** Resolves when so many replies have come. */
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

  leave(): Promise<void> {
    this.calls.push("leave");
    return Promise.resolve();
  }

  close(): void {}
}

type Handle = MessageHandler["handle"];

const echo: Handle = (message, { state }) => {
  const seen = state.metricRecords.get("seen")?.number("count") ?? 0;
  return Promise.resolve({
    reply: message.reply({ metrics: new MetricRecord({ seen }) }),
    state: new RecordDict({ seen: new MetricRecord({ count: seen + 1 }) }),
  });
};

function instruction(id: string, runId = 7n): Message {
  return Message.create({
    content: {},
    dstNodeId: NODE_ID,
    messageType: "train",
    groupId: "1",
  }).withMetadata({ messageId: id, runId });
}

function start(fleet: FakeFleet, handle: Handle = echo) {
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
  });
  return { clock, controller, ended: node.run(controller.signal) };
}

Deno.test("a node joins, answers its instructions in order, and leaves", async () => {
  const fleet = new FakeFleet();
  fleet.give(instruction("a"), instruction("b"));
  const { controller, ended } = start(fleet);
  await fleet.replied(2);
  controller.abort("SIGINT");
  await ended;
  assert.equal(fleet.calls[0], "join");
  assert.equal(fleet.calls.at(-1), "leave");
  assert.deepEqual(fleet.replies.map(({ metadata }) => metadata.replyToMessageId), ["a", "b"]);
});

Deno.test("what the app keeps lives through a run and is apart from other runs", async () => {
  const fleet = new FakeFleet();
  fleet.give(instruction("a", 1n), instruction("b", 1n), instruction("c", 2n));
  const { controller, ended } = start(fleet);
  await fleet.replied(3);
  controller.abort();
  await ended;
  const seen = fleet.replies.map(({ content }) => content.metricRecord("metrics").number("seen"));
  assert.deepEqual(seen, [0, 1, 0]);
});

Deno.test("a message whose app dies is tried again, then answered with an error", async () => {
  const fleet = new FakeFleet();
  let tries = 0;
  const { controller, ended } = start(fleet, (message, context, signal) => {
    tries += 1;
    if (message.metadata.messageId === "fatal" || tries === 1) {
      return Promise.reject(new AppCrashed("it fell over"));
    }
    return echo(message, context, signal);
  });
  fleet.give(instruction("once"));
  await fleet.replied(1);
  fleet.give(instruction("fatal"));
  await fleet.replied(2);
  controller.abort();
  await ended;
  assert.ok(fleet.replies[0]!.hasContent);
  assert.equal(fleet.replies[1]!.error?.code, MessageErrorCode.ClientAppCrashed);
  assert.match(fleet.replies[1]!.error!.reason, /it fell over/);
  assert.equal(tries, 2 + MAX_APP_TRIES);
});

Deno.test("a node that is stopped at work says so to the SuperLink before it leaves", async () => {
  const fleet = new FakeFleet();
  const started = Promise.withResolvers<void>();
  const { controller, ended } = start(fleet, (_message, _context, signal) => {
    started.resolve();
    return new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  });
  fleet.give(instruction("a"));
  await started.promise;
  controller.abort(new DOMException("stop", "AbortError"));
  await ended;
  assert.equal(fleet.replies[0]!.error?.code, MessageErrorCode.NodeUnavailable);
  assert.equal(fleet.calls.at(-1), "leave");
});

Deno.test("a node that stops does not wait for ever for a SuperLink that is gone", async () => {
  const fleet = new FakeFleet();
  const pushing = Promise.withResolvers<void>();
  fleet.push = () => {
    pushing.resolve();
    return new Promise(() => {});
  };
  fleet.give(instruction("a"));
  const { clock, controller, ended } = start(fleet);
  await pushing.promise;
  controller.abort();
  await clock.advance(FAREWELL_SECONDS);
  await ended;
  assert.equal(fleet.calls.at(-1), "leave");
});

Deno.test("a node that the SuperLink has forgotten joins again", async () => {
  const fleet = new FakeFleet();
  let known = false;
  fleet.heartbeatAnswer = () => {
    const answer = known;
    known = true;
    return answer;
  };
  const { clock, controller, ended } = start(fleet);
  await clock.advance(0);
  for (let waited = 0; !fleet.calls.includes("heartbeat") && waited < 100; waited += 1) {
    await clock.advance(5);
  }
  fleet.give(instruction("a"));
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.equal(fleet.calls.filter((call) => call === "join").length, 2);
});

Deno.test("a held pull that is broken by a second restart joins a third time", async () => {
  const fleet = new FakeFleet();
  let pulls = 0;
  fleet.pullAnswer = () => {
    pulls += 1;
    if (pulls === 2) clock.advance(10); // it was held until then
    if (pulls <= 2) throw new FlwrError("unauthenticated", "Unknown node");
    fleet.pullAnswer = undefined;
    return instruction("a");
  };
  const { clock, controller, ended } = start(fleet);
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.equal(fleet.calls.filter((call) => call === "join").length, 3);
});

Deno.test("a refused node joins once more, and fails when it is refused again", async () => {
  const fleet = new FakeFleet();
  fleet.pullAnswer = () => {
    throw new FlwrError("unauthenticated", "Access denied");
  };
  const { ended } = start(fleet);
  await assert.rejects(ended, /Access denied/);
  assert.equal(fleet.calls.filter((call) => call === "join").length, 2);
});

/** Lets whatever waits go on, in steps that are shorter than any wait that matters here. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let waited = 0; waited < seconds; waited += 1) {
    await clock.advance(1);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test("runs of one series share what the app keeps, and each run is asked for once", async () => {
  const fleet = new FakeFleet();
  for (const [run, series] of [[1n, 5n], [2n, 5n], [3n, 6n]] as const) {
    fleet.series.set(run, series);
  }
  fleet.give(
    instruction("a", 1n),
    instruction("b", 2n),
    instruction("c", 3n),
    instruction("d", 1n),
  );
  const { controller, ended } = start(fleet);
  await fleet.replied(4);
  controller.abort();
  await ended;
  const seen = fleet.replies.map(({ content }) => content.metricRecord("metrics").number("seen"));
  assert.deepEqual(seen, [0, 1, 0, 2]);
  assert.equal(fleet.calls.filter((call) => call === "run").length, 3);
});

Deno.test("how long the app worked is sent along", async () => {
  const fleet = new FakeFleet();
  const { clock, controller, ended } = start(fleet, async (message, context, signal) => {
    if (message.metadata.messageId === "a") await clock.advance(2.5);
    const handled = await echo(message, context, signal);
    return message.metadata.messageId === "a" ? handled : { ...handled, seconds: 0.25 };
  });
  fleet.give(instruction("a"), instruction("b"));
  await fleet.replied(2);
  controller.abort();
  await ended;
  assert.deepEqual(fleet.seconds, [2.5, 0.25]);
});

Deno.test("work for a run that is over ends early, and nothing is sent", async () => {
  const fleet = new FakeFleet();
  fleet.series.set(1n, 1n).set(2n, 2n);
  const started = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const { clock, controller, ended } = start(fleet, (message, context, signal) => {
    if (message.metadata.runId === 2n) return echo(message, context, signal);
    started.resolve();
    return new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => {
        stopped.resolve();
        reject(signal.reason);
      })
    );
  });
  fleet.give(instruction("a", 1n), instruction("b", 2n));
  await started.promise;
  fleet.over.add(1n);
  await pass(clock, RUN_CHECK_SECONDS);
  await stopped.promise;
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.deepEqual(fleet.replies.map(({ metadata }) => metadata.replyToMessageId), ["b"]);
});

Deno.test("a reply that is not wanted any more is dropped, and the node goes on", async () => {
  const fleet = new FakeFleet();
  const { controller, ended } = start(fleet, (message, context, signal) => {
    if (message.metadata.messageId === "a") fleet.over.add(message.metadata.runId);
    return echo(message, context, signal);
  });
  fleet.give(instruction("a", 1n), instruction("b", 2n));
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.deepEqual(fleet.replies.map(({ metadata }) => metadata.replyToMessageId), ["b"]);
});

Deno.test("an instruction that cannot be fetched costs one try, not the node", async () => {
  const fleet = new FakeFleet();
  const failures = [
    new ApiError("run-not-running", "Run is not running"),
    new FlwrError("data-loss", "Object does not match its id"),
  ];
  fleet.pullAnswer = () => {
    const failure = failures.shift();
    if (failure === undefined) fleet.pullAnswer = undefined;
    else throw failure;
    return undefined;
  };
  fleet.give(instruction("a"));
  const { clock, controller, ended } = start(fleet);
  await pass(clock, 10);
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.equal(fleet.calls.filter((call) => call === "join").length, 1);
});

Deno.test("a run that cannot be handled is answered with the error's number", async () => {
  const fleet = new FakeFleet();
  fleet.give(instruction("a"));
  const { controller, ended } = start(fleet, () => {
    throw new RunRefused(MessageErrorCode.InvalidFab, "The bundle is damaged");
  });
  await fleet.replied(1);
  controller.abort();
  await ended;
  assert.deepEqual(fleet.replies[0]!.error, {
    code: MessageErrorCode.InvalidFab,
    reason: "The bundle is damaged",
  });
});

Deno.test("a run that the SuperLink cannot tell of costs an error reply, not the node", async () => {
  const fleet = new FakeFleet();
  const failures = [new FlwrError("internal", "It fell over"), new FlwrError("not-found", "Gone")];
  const run = fleet.run.bind(fleet);
  fleet.run = (runId) => {
    const failure = failures.shift();
    return failure === undefined ? run(runId) : Promise.reject(failure);
  };
  fleet.give(instruction("a"), instruction("b"), instruction("c"));
  const { controller, ended } = start(fleet);
  await fleet.replied(2);
  controller.abort();
  await ended;
  assert.match(fleet.replies[0]!.error!.reason, /It fell over/);
  assert.equal(fleet.replies[1]!.metadata.replyToMessageId, "c");
});

Deno.test("a SuperLink that counts the node as online still is waited for, but not for ever", async () => {
  const fleet = new FakeFleet();
  const refused = () => {
    throw new ApiError("activation-refused", "Node is online");
  };
  fleet.joinAnswer = refused;
  const { clock, controller, ended } = start(fleet);
  await pass(clock, 2 * TAKE_OVER_TRY_SECONDS);
  fleet.joinAnswer = () => NODE_ID;
  fleet.give(instruction("a"));
  await pass(clock, TAKE_OVER_TRY_SECONDS);
  await fleet.replied(1);
  controller.abort();
  await ended;

  fleet.joinAnswer = refused;
  const again = start(fleet);
  const failed = assert.rejects(again.ended, /Node is online/);
  await pass(again.clock, TAKE_OVER_PATIENCE_SECONDS + TAKE_OVER_TRY_SECONDS);
  await failed;
});

Deno.test("a node that is stopped before it has joined ends at once", async () => {
  const fleet = new FakeFleet();
  fleet.join = () => new Promise(() => {});
  const { controller, ended } = start(fleet);
  controller.abort();
  await ended;
  assert.ok(!fleet.calls.includes("leave"));
});
