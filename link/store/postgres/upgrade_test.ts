// SuperLinks of two versions on one database. The next version is this one with one more step.
import assert from "node:assert/strict";
import { asOwner, postgresTest } from "../../../tests/support/postgres.ts";
import { runRecord } from "../../testing/records.ts";
import type { LinkTables } from "../store.ts";
import { PostgresStore } from "./postgres_store.ts";
import { MIGRATIONS, OLDEST_VERSIONS, SCHEMA, type Schema } from "./schema.ts";
import type { PostgresTarget } from "./target.ts";

const NEXT = MIGRATIONS.length + 1;
const RUN = 7n;

/** This version with another step. @param oldest the earliest version that can use the tables then */
function next(step: string, oldest: number): Schema {
  return { migrations: [...MIGRATIONS, step], oldest: [...OLDEST_VERSIONS, oldest] };
}

const WIDER = next(
  `ALTER TABLE run ADD COLUMN mood TEXT; ALTER TABLE server ADD COLUMN since BIGINT DEFAULT 3;
   CREATE TABLE addition (id BIGINT)`,
  1,
);
const OTHER = next("ALTER TABLE run RENAME COLUMN state TO condition", NEXT);

const count = (tx: LinkTables) =>
  tx.runs.addTraffic(RUN, { bytesSent: 1, bytesReceived: 0, clientAppSeconds: 0 });
const read = (tx: LinkTables) => tx.runs.get(RUN);

/** A SuperLink's store, for the time of a test. */
async function opened(target: PostgresTarget, schema = SCHEMA) {
  const store = await PostgresStore.open(target, { schema });
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

/** A test with a database of its own, because it changes the tables and ends sessions. */
function upgradeTest(name: string, body: (target: PostgresTarget) => Promise<void>): void {
  postgresTest(name, async ({ schema: _, ...target }) => {
    const database = `upgrade_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(target, `CREATE DATABASE ${database}`);
    await body({ ...target, database });
    await asOwner(target, `DROP DATABASE ${database} WITH (FORCE)`);
  });
}

upgradeTest("a SuperLink goes on when a newer one only adds to the tables", async (target) => {
  await using old = await opened(target);
  await old.transaction("durable", (tx) => tx.runs.put(runRecord({ runId: RUN, fabId: "app" })));
  await old.transaction("durable", (tx) => tx.servers.put({ serverId: 1n, leaseUntil: 1e12 }));
  // Statements that the server has prepared, in transactions that write and that only read.
  for (let round = 0; round < 3; round++) {
    await old.transaction("relaxed", read);
    await old.transaction("read-only", read);
    await old.transaction("relaxed", (tx) => tx.servers.all());
  }
  await using newer = await opened(target, WIDER);
  for (const store of [old, newer, old]) {
    await store.transaction("durable", count);
    await store.transaction("relaxed", (tx) => tx.servers.all());
    assert.equal((await store.transaction("read-only", read))?.fabId, "app");
    assert.equal((await store.transaction("relaxed", read))?.fabId, "app");
  }
  assert.equal((await old.transaction("relaxed", read))?.bytesSent, 3);
  // So does one of the earlier version that starts, or starts again.
  await using another = await opened(target);
  assert.equal((await another.transaction("read-only", read))?.bytesSent, 3);
  await using twin = await opened(target, WIDER);
  assert.equal((await twin.transaction("read-only", read))?.bytesSent, 3);
});

upgradeTest(
  "a step that earlier versions cannot use waits until they have stopped",
  async (target) => {
    await using old = await opened(target);
    await old.transaction("durable", (tx) => tx.runs.put(runRecord({ runId: RUN, fabId: "app" })));
    const lease = (leaseUntil: number) =>
      old.transaction("durable", (tx) => tx.servers.put({ serverId: 1n, leaseUntil }));
    await lease(Date.now() / 1000 + 15);
    await assert.rejects(opened(target, OTHER), { code: "failed-precondition" });
    assert.equal((await old.transaction("read-only", read))?.fabId, "app", "nothing is changed");
    await lease(0);
    await using newer = await opened(target, OTHER);
    // One that stood still meanwhile changes nothing, and lets its callers go to the newer one.
    for (const kind of ["durable", "read-only"] as const) {
      await assert.rejects(old.transaction(kind, read), { code: "unavailable" });
    }
    await assert.rejects(opened(target), { code: "failed-precondition" });
    assert.equal((await newer.usage()).runs, 1);
  },
);
