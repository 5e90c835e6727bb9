import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { ClientApp, type Handler, isClientApp } from "./client_app.ts";
import type { ClientMod } from "./client_mod.ts";
import { ConfigRecord } from "./config_record.ts";
import { MetricRecord } from "./metric_record.ts";
import { RecordDict } from "./record_dict.ts";
import { instruction } from "./testing.ts";

const context = {
  runId: 7n,
  nodeId: 5n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
};
const metrics = new MetricRecord({ loss: 1 });

Deno.test("a handler returns records, a RecordDict, or a complete reply", async () => {
  const app = new ClientApp()
    .train(() => ({ metrics }))
    .evaluate(() => Promise.resolve(new RecordDict({ metrics })))
    .query((message) => message.reply({ metrics }, { ttl: 1 }));
  for (const messageType of ["train", "evaluate", "query"]) {
    const reply = await app.handle(instruction({ messageType }), context);
    assert.equal(reply.content.metricRecord("metrics"), metrics);
    assert.equal(reply.metadata.replyToMessageId, "m1");
    assert.equal(reply.metadata.messageType, messageType);
  }
});

Deno.test("actions have handlers of their own", async () => {
  const app = new ClientApp()
    .query("ping", () => ({ pong: metrics }))
    .parameters(() => ({ arrays: metrics }))
    .properties(() => ({ properties: new ConfigRecord() }));
  assert.deepEqual(app.messageTypes, ["query.ping", "get_parameters", "get_properties"]);
  const reply = await app.handle(instruction({ messageType: "query.ping" }), context);
  assert.deepEqual([...reply.content.keys()], ["pong"]);
});

Deno.test("the handler sees the message and the context", async () => {
  const app = new ClientApp().train((message, context) => ({
    metrics: new MetricRecord({ node: context.nodeId, round: Number(message.metadata.groupId) }),
  }));
  const reply = await app.handle(instruction(), context);
  assert.deepEqual(reply.content.metricRecord("metrics").toObject(), { node: 5, round: 2 });
});

Deno.test("a thrown error becomes an error reply in Flower's form", async () => {
  const boom = (thrown: unknown) =>
    new ClientApp().train(() => {
      throw thrown;
    }).handle(instruction(), context);
  assert.deepEqual((await boom(new TypeError("boom in fit"))).error, {
    code: 2,
    reason: "<class 'TypeError'>:<'boom in fit'>",
  });
  assert.equal((await boom("text")).error?.reason, "<class 'string'>:<'text'>");
});

Deno.test("the error for a type without a handler lists the handlers", async () => {
  const app = new ClientApp().train(() => ({ metrics })).query("ping", () => ({ metrics }));
  const reply = await app.handle(instruction({ messageType: "evaluate" }), context);
  assert.deepEqual(reply.error, {
    code: 2,
    reason: 'ClientApp has no handler for "evaluate": it has train, query.ping',
  });
});

Deno.test("a handler that returns nothing, or a reply to another message, causes an error reply", async () => {
  const answer = (result: unknown) =>
    new ClientApp().train(() => result as RecordDict).handle(instruction(), context);
  assert.match(
    (await answer(undefined)).error!.reason,
    /must return records or a Message: got undefined/,
  );
  assert.match((await answer(5)).error!.reason, /got number/);
  assert.match((await answer({ metrics: 5 })).error!.reason, /"metrics": A RecordDict contains/);
  const other = instruction({ messageId: "other" }).reply({});
  assert.match((await answer(other)).error!.reason, /does not answer the instruction/);
  assert.match((await answer(instruction())).error!.reason, /does not answer the instruction/);
});

Deno.test("mods wrap the handler: those of the app outside, the first outermost", async () => {
  const seen: string[] = [];
  const mod = (name: string): ClientMod => async (message, context, next) => {
    seen.push(`${name} in`);
    const reply = await next(message, context);
    seen.push(`${name} out`);
    return reply;
  };
  const app = new ClientApp({ mods: [mod("a"), mod("b")] })
    .train(() => {
      seen.push("train");
      return { metrics };
    }, { mods: [mod("c"), mod("d")] });
  await app.handle(instruction(), context);
  const inwards = ["a", "b", "c", "d"];
  assert.deepEqual(seen, [
    ...inwards.map((name) => `${name} in`),
    "train",
    ...inwards.toReversed().map((name) => `${name} out`),
  ]);
});

Deno.test("a mod may answer itself, and a thrown error becomes an error reply", async () => {
  const never = () => assert.fail("the handler was reached");
  const answers = new ClientApp({ mods: [(message) => message.reply({ metrics })] }).train(never);
  assert.equal((await answers.handle(instruction(), context)).hasContent, true);
  const throws = new ClientApp({
    mods: [() => {
      throw new Error("mod");
    }],
  }).train(never);
  assert.equal(
    (await throws.handle(instruction(), context)).error?.reason,
    "<class 'Error'>:<'mod'>",
  );
});

Deno.test("replies carry the time of the injected clock", async () => {
  const clock = new FakeClock(1_800_000_010);
  const app = new ClientApp({ clock }).train(() => ({ metrics }));
  assert.equal((await app.handle(instruction(), context)).metadata.createdAt, 1_800_000_010);
});

Deno.test("registration refuses duplicates, non-functions and invalid actions", () => {
  const app = new ClientApp().train(() => ({}));
  assert.throws(() => app.train(() => ({})), /already has a handler for "train"/);
  assert.throws(() => app.query("a-b", () => ({})), /Message type .*: got "query.a-b"/);
  assert.throws(
    () => app.query("ping", 5 as unknown as Handler),
    /must be a function: got number/,
  );
});

Deno.test("isClientApp knows the ClientApp of another copy of the module", async () => {
  const copy = await import("./client_app.ts?copy" as string) as { ClientApp: typeof ClientApp };
  const app = new copy.ClientApp().train(() => ({ metrics }));
  assert.equal(app instanceof ClientApp, false);
  assert.equal(isClientApp(app), true);
  assert.equal((await app.handle(instruction(), context)).hasContent, true);
  assert.equal(isClientApp({}), false);
});
