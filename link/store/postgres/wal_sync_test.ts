import assert from "node:assert/strict";
import { eventually } from "../../../tests/support/deadline.ts";
import { postgresTest } from "../../../tests/support/postgres.ts";
import { NotSynced } from "../../transactions/transactions.ts";
import { PostgresStore } from "./postgres_store.ts";
import { CuttingProxy } from "./testing/cutting_proxy.ts";

postgresTest("a sync whose connection is lost without notice fails alone", async (target) => {
  await using proxy = CuttingProxy.to(target);
  const store = await PostgresStore.open({ ...target, port: proxy.port }, { syncSeconds: 0.5 });
  const durable = () => store.transaction("durable", async (tx) => void await tx.servers.all());
  proxy.swallowAt("pg_logical_emit_message");
  await assert.rejects(durable(), (error) => {
    assert.ok(error instanceof NotSynced);
    assert.equal(error.code, "unavailable");
    return true;
  });
  assert.equal(proxy.swallowed, 1);
  // A new connection serves what comes later, although the network still swallows the old one. On a busy machine it may
  // take longer than a sync may.
  const isSynced = () => durable().then(() => true, () => false);
  await eventually(isSynced, 30, "a sync on a new connection");
  await store.close();
});

postgresTest("a store closes although its sync is never answered", async (target) => {
  await using proxy = CuttingProxy.to(target);
  const store = await PostgresStore.open({ ...target, port: proxy.port }, { syncSeconds: 0.5 });
  const durable = () => store.transaction("durable", async (tx) => void await tx.servers.all());
  proxy.swallowAt("pg_logical_emit_message");
  const lost = durable();
  lost.catch(() => {});
  await store.transaction("relaxed", (tx) => tx.servers.all());
  await store.close();
  await assert.rejects(lost, { code: "unavailable" });
});
