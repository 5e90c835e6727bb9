import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { settle } from "../base/testing/settle.ts";
import type { ProgressEvent } from "./events.ts";
import { type Answer, FakeDriver } from "./fake_driver.ts";
import { Grid } from "./grid.ts";
import { Message } from "./message.ts";
import { MetricRecord } from "./metric_record.ts";

const echo: Answer = (message) =>
  message.reply({ metrics: new MetricRecord({ node: message.metadata.dstNodeId }) });

function setUp(online: bigint[], answer: Answer = echo, signal?: AbortSignal) {
  const clock = new FakeClock();
  const driver = new FakeDriver(online, answer);
  const grid = new Grid(driver, 7n, { clock, signal });
  const events: ProgressEvent[] = [];
  grid.subscribe((event) => events.push(event));
  const to = (dstNodeId: bigint) =>
    Message.create({ content: {}, dstNodeId, messageType: "query", clock });
  return { clock, driver, grid, events, to };
}

/** Lets everything run that does not wait for time or the other side. */

Deno.test("nodeIds are in ascending order", async () => {
  const { grid } = setUp([9n, 2n ** 63n, 5n]);
  assert.deepEqual(await grid.nodeIds(), [5n, 9n, 2n ** 63n]);
});

Deno.test("a caller may change the ids that it got, although a list of nodes is read once", async () => {
  const driver = new FakeDriver([], () => undefined);
  const nodes = [{ nodeId: 9n, name: "b" }, { nodeId: 5n, name: "a" }];
  driver.nodes = () => Promise.resolve(nodes);
  const grid = new Grid(driver, 7n);
  (await grid.nodeIds()).pop();
  assert.deepEqual(await grid.nodeIds(), [5n, 9n]);
  driver.nodes = () => Promise.resolve([{ nodeId: 4n, name: "a" }]);
  assert.deepEqual(await grid.nodeIds(), [4n]);
  assert.equal(grid.nodeName(4n), "a");
});

Deno.test("waitForNodes reports the wait at each change and every ten seconds", async () => {
  const { clock, driver, grid, events } = setUp([]);
  const waiting = grid.waitForNodes(2);
  await settle();
  for (let second = 0; second < 12; second++) {
    await clock.advance(1);
    await settle();
  }
  driver.online = [5n];
  await clock.advance(1);
  await settle();
  driver.online = [5n, 6n];
  await clock.advance(1);
  assert.deepEqual(await waiting, [5n, 6n]);
  assert.deepEqual(
    events.map((event) => event.type === "waiting-for-nodes" && [event.online, event.needed]),
    [[0, 2], [0, 2], [1, 2]],
  );
});

Deno.test("waitForNodes fails at its timeout, with a hint", async () => {
  const { clock, grid } = setUp([5n]);
  const waiting = grid.waitForNodes(2, { timeout: 1 });
  const failed = assert.rejects(waiting, (error: FlwrError) => {
    assert.equal(error.code, "deadline-exceeded");
    assert.equal(error.message, "Not enough nodes are online after 1 s: 1 of 2");
    assert.equal(error.hints.length, 1);
    return true;
  });
  for (let i = 0; i < 3; i++) {
    await settle();
    await clock.advance(0.5);
  }
  await failed;
});

Deno.test("push fills in run and sender", async () => {
  const { driver, grid, to } = setUp([5n]);
  assert.deepEqual(await grid.push([to(5n)]), ["m1"]);
  assert.equal(driver.pushed[0]!.metadata.runId, 7n);
  assert.equal(driver.pushed[0]!.metadata.srcNodeId, 1n);
});

Deno.test("sendAndReceive returns the replies in the order of the instructions", async () => {
  const late = Promise.withResolvers<void>();
  const { grid, events, to } = setUp([5n, 6n], async (message) => {
    if (message.metadata.dstNodeId === 5n) await late.promise;
    else setImmediate(late.resolve);
    return await echo(message);
  });
  const replies = await grid.sendAndReceive([to(5n), to(6n)]);
  assert.deepEqual(replies.map(({ metadata }) => metadata.srcNodeId), [5n, 6n]);
  assert.deepEqual(
    events.map((event) => event.type === "reply" && [event.nodeId, event.messageId]),
    [[6n, "m2"], [5n, "m1"]],
  );
});

Deno.test("an instruction without a reply in time gets an error reply, and its ttl is the timeout", async () => {
  const { clock, driver, grid, events, to } = setUp(
    [5n, 6n],
    (message) => message.metadata.dstNodeId === 5n ? echo(message) : undefined,
  );
  const sending = grid.sendAndReceive([to(5n), to(6n)], { timeout: 30 });
  await settle();
  await clock.advance(30);
  const [answered, missing] = await sending as [Message, Message];
  assert.equal(answered.hasContent, true);
  assert.deepEqual(missing.error, { code: 4, reason: "No reply within 30 s" });
  assert.equal(missing.metadata.srcNodeId, 6n);
  assert.equal(missing.metadata.replyToMessageId, "m2");
  assert.deepEqual(driver.pushed.map(({ metadata }) => metadata.ttl), [30, 30]);
  assert.deepEqual(events.map((event) => event.type === "reply" && event.seconds), [0, 30]);
});

Deno.test("a refused instruction gets an error reply", async () => {
  const { driver, grid, to } = setUp([5n, 6n]);
  driver.refused.add(6n);
  const [answered, refused] = await grid.sendAndReceive([to(5n), to(6n)]) as [Message, Message];
  assert.equal(answered.hasContent, true);
  assert.deepEqual(refused.error, { code: 4, reason: "SuperLink refused the instruction" });
});

Deno.test("a SuperLink that does not hold pulls is polled four times a second", async () => {
  const { clock, driver, grid, to } = setUp([5n], () => undefined);
  driver.holds = false;
  const sending = grid.sendAndReceive([to(5n)], { timeout: 1 });
  for (let i = 0; i < 4; i++) {
    await settle();
    await clock.advance(0.25);
  }
  await sending;
  assert.equal(driver.pulls, 4);
});

Deno.test("a SuperLink that holds pulls is asked once", async () => {
  const { clock, driver, grid, to } = setUp([5n], () => undefined);
  const sending = grid.sendAndReceive([to(5n)], { timeout: 1 });
  await settle();
  await clock.advance(1);
  await sending;
  assert.equal(driver.pulls, 1);
});

Deno.test("a failing connection fails the call", async () => {
  const { driver, grid, to } = setUp([5n]);
  driver.pull = () => Promise.reject(new FlwrError("unavailable", "gone"));
  await assert.rejects(grid.sendAndReceive([to(5n)]), { message: "gone" });
});

Deno.test("the grid's signal, or the call's, ends every wait", async () => {
  const stop = new AbortController();
  const { grid, to } = setUp([5n], () => undefined, stop.signal);
  const own = new AbortController();
  const waits = [
    grid.sendAndReceive([to(5n)]),
    grid.sendAndReceive([to(5n)], { signal: own.signal }),
    grid.waitForNodes(2),
  ].map((wait) => assert.rejects(wait, { code: "cancelled", message: "The run was stopped" }));
  await settle();
  own.abort();
  await waits[1];
  stop.abort();
  await Promise.all(waits);
  await assert.rejects(grid.sendAndReceive([to(5n)]), { code: "cancelled" });
});

Deno.test("no messages, no replies; no timeout below zero", async () => {
  const { driver, grid, to } = setUp([5n]);
  assert.deepEqual(await grid.sendAndReceive([]), []);
  assert.equal(driver.pulls, 0);
  await assert.rejects(grid.sendAndReceive([to(5n)], { timeout: -1 }), /above 0: got -1/);
});

Deno.test("an unsubscribed listener is not called", () => {
  const { grid } = setUp([]);
  const received: string[] = [];
  const end = grid.subscribe((event) => received.push(event.type));
  grid.report({ type: "note", text: "a" });
  end();
  grid.report({ type: "note", text: "b" });
  assert.deepEqual(received, ["note"]);
});

Deno.test("a long wait for replies reports the missing nodes every 30 seconds", async () => {
  const late = Promise.withResolvers<void>();
  const { clock, driver, grid, events, to } = setUp([5n, 6n], async (message) => {
    if (message.metadata.dstNodeId === 6n) await late.promise;
    return message.reply({});
  });
  driver.holds = false;
  const sending = grid.sendAndReceive([to(5n), to(6n)]);
  for (let second = 0; second < 65; second++) {
    await clock.advance(1);
    await settle();
  }
  late.resolve();
  await settle();
  await clock.advance(1);
  await sending;
  const missing = events.filter((event) => event.type === "waiting-for-replies");
  assert.deepEqual(missing.map(({ nodeIds, sent }) => [nodeIds, sent]), [[[6n], 2], [[6n], 2]]);
});

Deno.test("a node's label has the name that it had when it was last online", async () => {
  const driver = new FakeDriver([1n, 2n, 3n], () => undefined);
  driver.names.set(1n, "hospital-a").set(2n, "hospital-b").set(3n, "hospital-b");
  const grid = new Grid(driver, 7n);
  assert.deepEqual([grid.nodeName(1n), grid.nodeLabel(1n)], [undefined, "1"]);
  assert.deepEqual(await grid.nodeIds(), [1n, 2n, 3n]);
  assert.deepEqual([grid.nodeName(2n), grid.nodeLabel(2n)], ["hospital-b", "hospital-b (2)"]);
  driver.online = [2n];
  driver.names.clear();
  await grid.nodeIds();
  assert.deepEqual([1n, 2n, 3n].map((id) => grid.nodeLabel(id)), ["hospital-a", "2", "hospital-b"]);
  const withIds = new Grid(driver, 7n, { showIds: true });
  driver.names.set(2n, "b");
  await withIds.nodeIds();
  assert.equal(withIds.nodeLabel(2n), "b (2)");
});

Deno.test("open hands out replies as they arrive, each fetched when it is asked for", async () => {
  const answers = new Map([5n, 6n, 7n].map((id) => [id, Promise.withResolvers<void>()]));
  const { driver, grid, to } = setUp([5n, 6n, 7n], async (message) => {
    await answers.get(message.metadata.dstNodeId)!.promise;
    return await echo(message);
  });
  let fetched = 0;
  driver.pullEach = async function* (runId, ids, signal) {
    for (const reply of await this.pull(runId, ids, signal)) {
      fetched++;
      yield reply;
    }
  };
  const exchange = grid.open([to(5n), to(6n), to(7n)]);
  assert.equal(driver.pushed.length, 0); // until the first reply is asked for
  const first = exchange.next();
  await settle();
  answers.get(7n)!.resolve();
  assert.equal((await first)!.metadata.srcNodeId, 7n);
  for (const { resolve } of answers.values()) resolve();
  await settle();
  assert.deepEqual([exchange.pending, fetched], [2, 1]);
  const rest: bigint[] = [];
  for await (const { metadata } of exchange) {
    rest.push(metadata.srcNodeId);
    assert.equal(fetched, 1 + rest.length);
  }
  assert.deepEqual(rest, [5n, 6n]);
  assert.equal(await exchange.next(), undefined);
});

Deno.test("open: instructions that follow have a timeout of their own", async () => {
  const { clock, grid, to } = setUp(
    [5n, 6n],
    (message) => message.metadata.dstNodeId === 6n ? echo(message) : undefined,
  );
  const exchange = grid.open([to(5n)], { timeout: 30 });
  await exchange.send([]);
  await clock.advance(20);
  await exchange.send([to(5n), to(6n)]);
  assert.equal((await exchange.next())!.metadata.srcNodeId, 6n);
  const late: [number, string][] = [];
  const reading = (async () => {
    for await (const { error } of exchange) late.push([clock.now(), error!.reason]);
  })();
  const start = clock.now();
  for (let i = 0; i < 6; i++) {
    await settle();
    await clock.advance(5);
  }
  await reading;
  assert.deepEqual(late.map(([at, reason]) => [at - start, reason]), [
    [10, "No reply within 30 s"],
    [30, "No reply within 30 s"],
  ]);
});

Deno.test("open: a refused instruction has its error reply, and a stop ends the iteration", async () => {
  const stop = new AbortController();
  const { driver, grid, to } = setUp([5n, 6n], () => undefined);
  driver.refused.add(6n);
  const exchange = grid.open([to(5n), to(6n)], { signal: stop.signal });
  assert.equal((await exchange.next())!.error?.reason, "SuperLink refused the instruction");
  const waiting = assert.rejects(exchange.next(), { code: "cancelled" });
  await settle();
  stop.abort();
  await waiting;
  assert.throws(() => grid.open([], { timeout: 0 }), { code: "invalid-argument" });
});

Deno.test("among: only the given nodes are online, with the names and events of the whole grid", async () => {
  const { driver, grid, to } = setUp([5n, 6n, 7n], echo);
  driver.names.set(6n, "six");
  const some = grid.among([7n, 6n, 99n]);
  assert.deepEqual(await some.nodeIds(), [6n, 7n]);
  assert.deepEqual(await some.waitForNodes(2), [6n, 7n]);
  assert.deepEqual(await grid.nodeIds(), [5n, 6n, 7n]);
  assert.equal(grid.nodeName(6n), "six");
  const notes: string[] = [];
  grid.subscribe((event) => event.type === "note" && notes.push(event.text));
  some.report({ type: "note", text: "from among" });
  assert.deepEqual(notes, ["from among"]);
  // More nodes than those can never come.
  const precondition = { code: "failed-precondition" };
  await assert.rejects(some.waitForNodes(4), precondition);
  await assert.rejects(
    some.waitForNodes(1, { where: ({ nodeId }) => nodeId === 5n }),
    precondition,
  );
  // Whom to ask is up to the strategy: a grid sends to any node.
  assert.equal((await some.sendAndReceive([to(5n)])).length, 1);
});
