import { IDLE_CHECK_SECONDS } from "./runs/idle_runs.ts";
import { RUN_CHECK_SECONDS } from "./runs/watch_run.ts";
import { MAX_APP_TRIES } from "./answer.ts";
import assert from "node:assert/strict";
import { MessageErrorCode } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import { ApiError } from "../../rpc/api_error.ts";
import { AppCrashed } from "../../hosting/app/app_host.ts";
import { STOP_SECONDS } from "./limits.ts";
import { RunRefused } from "../../hosting/app/run_refused.ts";
import type { MessageHandler } from "./runs/prepared_run.ts";
import { RunCatalogue } from "./runs/run_catalogue.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { settle } from "../../base/testing/settle.ts";
import { eventually } from "../../tests/support/deadline.ts";
import { echo, FakeFleet, instruction, pass, start } from "./testing/fake_fleet.ts";

/** Seconds to wait for what happens soon. */
const PATIENCE = 30;

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

Deno.test("a node stops although its heartbeat gets no answer", async () => {
  const fleet = new FakeFleet();
  const { promise: isBeating, resolve: beats } = Promise.withResolvers<void>();
  fleet.heartbeatAnswer = () => {
    beats();
    return new Promise(() => {});
  };
  const { clock, controller, ended } = start(fleet);
  for (let waited = 0; !fleet.calls.includes("heartbeat") && waited < 100; waited += 1) {
    await pass(clock, 1);
  }
  await isBeating;
  controller.abort("SIGTERM");
  await ended;
  assert.equal(fleet.calls.at(-1), "leave");
});

Deno.test("an app's state lasts through its run and is separate from other runs", async () => {
  const fleet = new FakeFleet();
  fleet.give(instruction("a", 1n), instruction("b", 1n), instruction("c", 2n));
  const { controller, ended } = start(fleet);
  await fleet.replied(3);
  controller.abort();
  await ended;
  const seen = fleet.replies.map(({ content }) => content.metricRecord("metrics").number("seen"));
  assert.deepEqual(seen, [0, 1, 0]);
});

Deno.test("a message that crashes its app is tried again, then answered with an error", async () => {
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

Deno.test("a node that is stopped during a message sends an error reply before it leaves", async () => {
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

Deno.test("a node that stops does not wait forever for a SuperLink that is gone", async () => {
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
  await clock.advance(STOP_SECONDS);
  await ended;
  assert.equal(fleet.calls.at(-1), "leave");
});

Deno.test("runs of one series share a state, and each run is fetched once", async () => {
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

/** Failures of an app by the message's id, and their summary. */
const FAILURE = {
  summary: "TypeError at client.ts:1:2",
  details: "TypeError: Anna\n    at client.ts:1:2",
};
const failing: MessageHandler["handle"] = (message, context) => {
  switch (message.metadata.messageId) {
    case "thrown": {
      const reply = message.replyError(MessageErrorCode.ClientAppRaised, "<class 'X'>:<'Anna'>");
      return Promise.resolve({ reply, state: context.state, failure: FAILURE });
    }
    case "crashed":
      return Promise.reject(new AppCrashed("TypeError: Anna", { failure: FAILURE }));
    default:
      return Promise.reject(
        new RunRefused(MessageErrorCode.LoadClientApp, `Not loaded: Anna`, { failure: FAILURE }),
      );
  }
};

for (const sendErrorDetails of [false, true]) {
  const unless = sendErrorDetails ? ", unless the owner sends them" : "";
  Deno.test(`texts of errors stay on the node${unless}`, async () => {
    const fleet = new FakeFleet();
    fleet.give(instruction("thrown"), instruction("crashed"), instruction("refused"));
    const { controller, ended } = start(fleet, failing, { sendErrorDetails });
    await fleet.replied(3);
    controller.abort();
    await ended;
    const codes = fleet.replies.map(({ error }) => error?.code);
    assert.deepEqual(codes, [
      MessageErrorCode.ClientAppRaised,
      MessageErrorCode.ClientAppCrashed,
      MessageErrorCode.LoadClientApp,
    ]);
    for (const { error } of fleet.replies) {
      assert.equal(error!.reason.includes("Anna"), sendErrorDetails);
      assert.equal(error!.reason.includes(FAILURE.summary), !sendErrorDetails);
    }
  });
}

Deno.test("the app's working time is sent with the reply", async () => {
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

Deno.test("a reply that is no longer needed is dropped, and the node continues", async () => {
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

Deno.test("a failed pull is repeated and does not end the node", async () => {
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

Deno.test("a run that the SuperLink cannot return gives an error reply and does not end the node", async () => {
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
  assert.match(fleet.replies[0]!.error!.reason, /: internal; the node's log/);
  assert.equal(fleet.replies[1]!.metadata.replyToMessageId, "c");
});

Deno.test("the state of a run without a series is removed after the run's end", async () => {
  const fleet = new FakeFleet();
  fleet.series.set(1n, 0n);
  const released: bigint[] = [];
  const { clock, controller, ended } = start(fleet, echo, {
    releaseRun: (runId) => released.push(runId),
  });
  fleet.give(instruction("a", 1n), instruction("b", 1n));
  await fleet.replied(2);
  fleet.over.add(1n);
  await pass(clock, IDLE_CHECK_SECONDS.first + 1);
  assert.deepEqual(released, [1n]);
  fleet.over.delete(1n);
  fleet.give(instruction("c", 1n));
  await fleet.replied(3);
  controller.abort();
  await ended;
  const seen = fleet.replies.map(({ content }) => content.metricRecord("metrics").number("seen"));
  assert.deepEqual(seen, [0, 1, 0]);
});

Deno.test("a run that begins is prepared before its first instruction, which uses the same preparation", async () => {
  const fleet = new FakeFleet();
  let prepared = 0;
  const isReady = Promise.withResolvers<void>();
  const runs = new RunCatalogue(fleet, {
    appFor: async () => {
      prepared++;
      await isReady.promise;
      return { handler: { handle: echo }, runConfig: new ConfigRecord() };
    },
  });
  const { node, controller, ended } = start(fleet, echo, { runs });
  const expecting = node.expectRun(7n);
  await eventually(() => prepared === 1, PATIENCE, "the preparation");
  fleet.give(instruction("a"));
  await settle();
  isReady.resolve();
  await fleet.replied(1);
  await expecting;
  assert.ok(fleet.replies[0]!.hasContent);
  assert.equal(prepared, 1);
  controller.abort();
  await ended;
});

Deno.test("a run that cannot be prepared early is tried again with its first instruction", async () => {
  const fleet = new FakeFleet();
  let tries = 0;
  const runs = new RunCatalogue(fleet, {
    appFor: () => {
      tries++;
      if (tries === 1) return Promise.reject(new FlwrError("unavailable", "It is away"));
      return Promise.resolve({ handler: { handle: echo }, runConfig: new ConfigRecord() });
    },
  });
  const { node, controller, ended } = start(fleet, echo, { runs });
  await node.expectRun(7n);
  fleet.give(instruction("a"));
  await fleet.replied(1);
  assert.ok(fleet.replies[0]!.hasContent);
  assert.equal(tries, 2);
  controller.abort();
  await ended;
});

Deno.test("however many runs begin, a node prepares few at the same time", async () => {
  const fleet = new FakeFleet();
  const asked: bigint[] = [];
  const runs = new RunCatalogue(fleet, {
    appFor: (run) => {
      asked.push(run?.runId ?? 0n);
      return new Promise(() => {});
    },
  });
  const { node, controller, ended } = start(fleet, echo, { runs });
  for (let runId = 1n; runId <= 20n; runId++) void node.expectRun(runId);
  await settle();
  assert.equal(asked.length, 2);
  controller.abort();
  await ended;
});
