import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import type { FleetConnection } from "../../app/connection.ts";
import type { Context } from "../../app/context.ts";
import { Message } from "../../app/message.ts";
import { MessageErrorCode } from "../../app/metadata.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { AppCrashed, type Handled } from "./app_host.ts";
import { FAREWELL_SECONDS, MAX_APP_TRIES } from "./limits.ts";
import { SuperNode } from "./node.ts";

const NODE_ID = 42n;

/** A SuperLink that hands out what the test gives it, and holds a pull while it has nothing. */
class FakeFleet implements FleetConnection {
  readonly calls: string[] = [];
  readonly replies: Message[] = [];
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
    return Promise.resolve(NODE_ID);
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

  push(reply: Message): Promise<void> {
    this.replies.push(reply);
    this.#pushed.resolve();
    this.#pushed = Promise.withResolvers();
    return Promise.resolve();
  }

  leave(): Promise<void> {
    this.calls.push("leave");
    return Promise.resolve();
  }

  close(): void {}
}

type Handle = (message: Message, context: Context, signal: AbortSignal) => Promise<Handled>;

function echo(message: Message, { state }: Context): Promise<Handled> {
  const seen = state.metricRecords.get("seen")?.number("count") ?? 0;
  return Promise.resolve({
    reply: message.reply({ metrics: new MetricRecord({ seen }) }),
    state: new RecordDict({ seen: new MetricRecord({ count: seen + 1 }) }),
  });
}

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
    app: { handle },
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
  const { controller, ended } = start(fleet, (message, context) => {
    tries += 1;
    if (message.metadata.messageId === "fatal" || tries === 1) {
      return Promise.reject(new AppCrashed("it fell over"));
    }
    return echo(message, context);
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

Deno.test("a refused node joins once more, and fails when it is refused again", async () => {
  const fleet = new FakeFleet();
  fleet.pullAnswer = () => {
    throw new FlwrError("unauthenticated", "Access denied");
  };
  const { ended } = start(fleet);
  await assert.rejects(ended, /Access denied/);
  assert.equal(fleet.calls.filter((call) => call === "join").length, 2);
});
