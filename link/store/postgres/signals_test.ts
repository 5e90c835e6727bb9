import assert from "node:assert/strict";
import { postgresTest } from "../../../tests/support/postgres.ts";
import type { SignalLine, SignalListener } from "../../transactions/signals.ts";
import type { Topic } from "../../transactions/wakes.ts";
import { fromId } from "../sql/rows.ts";
import { Connection } from "./connection.ts";
import { PostgresStore } from "./postgres_store.ts";
import { packed } from "./signals.ts";
import type { PostgresTarget } from "./target.ts";
import { CuttingProxy } from "./testing/cutting_proxy.ts";

/** What a listener heard, in order: topics, or "lost". */
class Heard implements SignalListener {
  readonly all: string[] = [];
  #change = Promise.withResolvers<void>();

  woken(topics: readonly Topic[]): void {
    this.all.push(...topics);
    this.#change.resolve();
  }

  lost(): void {
    this.all.push("lost");
    this.#change.resolve();
  }

  /** Waits until it heard this so many times. */
  async until(what: string, times = 1): Promise<void> {
    while (this.all.filter((heard) => heard === what).length < times) {
      await this.#change.promise;
      this.#change = Promise.withResolvers();
    }
  }
}

/** A store whose line is subscribed. */
async function subscribed(target: PostgresTarget) {
  const store = await PostgresStore.open(target);
  const heard = new Heard();
  const line: SignalLine = store.signals.connect(heard);
  await heard.until("lost");
  return { store, heard, line, [Symbol.asyncDispose]: () => store.close() };
}

postgresTest("topics reach the other SuperLinks, not the one that publishes", async (target) => {
  await using a = await subscribed(target);
  await using b = await subscribed(target);
  a.line.publish(["work:7", "runs"]);
  await b.heard.until("runs");
  b.line.publish(["log:1"]);
  await a.heard.until("log:1");
  assert.deepEqual(a.heard.all, ["lost", "log:1"]);
  assert.deepEqual(b.heard.all, ["lost", "work:7", "runs"]);
});

postgresTest("other schemas of the database hear nothing", async (target) => {
  await using a = await subscribed(target);
  await using b = await subscribed({ ...target, schema: "public" });
  await using c = await subscribed({ ...target, schema: "public" });
  a.line.publish(["runs"]);
  b.line.publish(["log:2"]);
  await c.heard.until("log:2");
  assert.deepEqual(a.heard.all, ["lost"]);
  assert.deepEqual(c.heard.all, ["lost", "log:2"]);
});

postgresTest("too many topics make the others read everything again", async (target) => {
  await using a = await subscribed(target);
  await using b = await subscribed(target);
  a.line.publish(Array.from({ length: 5_000 }, (_, index): Topic => `work:${BigInt(index)}`));
  await b.heard.until("lost", 2);
  assert.deepEqual(b.heard.all, ["lost", "lost"]);
});

postgresTest("a lost subscription is made again, and told", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using a = await subscribed(target);
  await using b = await subscribed({ ...target, port: proxy.port });
  proxy.cut();
  await b.heard.until("lost", 2);
  a.line.publish(["runs"]);
  await b.heard.until("runs");
});

postgresTest(
  "what could not be published makes the others read everything again",
  async (target) => {
    await using proxy = CuttingProxy.to(target);
    await using a = await subscribed({ ...target, port: proxy.port });
    await using b = await subscribed(target);
    proxy.cut();
    a.line.publish(["runs"]);
    await b.heard.until("lost", 2);
  },
);

Deno.test("topics are packed into messages that the server accepts", () => {
  const topics = Array.from({ length: 1_000 }, (_, index) => `reply:${"f".repeat(60)}${index}`);
  const messages = packed(topics);
  assert.deepEqual(messages.flatMap((message) => JSON.parse(message)), topics);
  assert.ok(messages.length > 1);
  for (const { length } of messages) assert.ok(length + 37 < 8_000, `${length} bytes`);
  const odd = ["reply:with space", 'quote"', "line\nbreak", "\u{1f33b}".repeat(1_000)];
  for (const message of packed(odd)) {
    assert.ok(new TextEncoder().encode(message).length + 37 < 8_000);
  }
  assert.deepEqual(packed(odd).flatMap((message) => JSON.parse(message)), odd);
  assert.deepEqual(packed(["x".repeat(10_000)]), ["*"]);
});

postgresTest("each SuperLink sees the sessions of the others, until they end", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using a = await subscribed(target);
  const lost = await subscribed({ ...target, port: proxy.port });
  a.store.sessions.announce(11n);
  await a.store.sessions.look();
  lost.store.sessions.announce(2n ** 64n - 1n);
  const seen = async ({ store } = a) => {
    const { serverIds } = await store.sessions.look();
    return [11n, 2n ** 64n - 1n].filter((id) => serverIds.has(id));
  };
  // Its statements run in the order of the calls.
  assert.deepEqual(await seen(lost), [11n, 2n ** 64n - 1n]);
  const { own } = await a.store.sessions.look();
  assert.equal((await a.store.sessions.look()).own, own);
  const { own: former } = await lost.store.sessions.look();
  proxy.cut();
  await lost.heard.until("lost", 2);
  assert.deepEqual(await seen(), [11n, 2n ** 64n - 1n], "a lost session is replaced");
  assert.notEqual((await lost.store.sessions.look()).own, former);
  proxy.stop();
  await assert.rejects(lost.store.sessions.look(), { code: "unavailable" });
  while ((await seen()).length > 1);
  assert.deepEqual(await seen(), [11n]);
  proxy.start();
  await lost.store.close();
});

postgresTest("the lock of a transaction that writes is no session", async (target) => {
  await using a = await subscribed(target);
  const writer = await Connection.open(target, { waitsForDisk: false });
  const number = 8_877n;
  await writer.query("SELECT pg_advisory_lock($1)", [fromId(number)]);
  assert.equal((await a.store.sessions.look()).serverIds.has(number), false);
  await writer.close();
});
