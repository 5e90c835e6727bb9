import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { asOwner, postgresTest, queryAsOwner } from "../../../tests/support/postgres.ts";
import { runRecord } from "../../testing/records.ts";
import { MIGRATIONS as SQLITE_MIGRATIONS } from "../sqlite/schema.ts";
import type { LinkTables } from "../store.ts";
import { PostgresStore } from "./postgres_store.ts";
import { MIGRATIONS } from "./schema.ts";
import type { PostgresTarget } from "./target.ts";
import { CuttingProxy } from "./testing/cutting_proxy.ts";

const RUN = 2n ** 64n - 1n;
const write = (tx: LinkTables) => tx.runs.put(runRecord({ runId: RUN, fabId: "app" }));
const count = (tx: LinkTables) =>
  tx.runs.addTraffic(RUN, { bytesSent: 1, bytesReceived: 0, clientAppSeconds: 0 });

/** Opens a store for the time of a test. */
async function opened(target: PostgresTarget): Promise<PostgresStore & AsyncDisposable> {
  const store = await PostgresStore.open(target);
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

/** How often {@link count} took effect. */
async function counted(store: PostgresStore): Promise<number> {
  return (await store.transaction("relaxed", (tx) => tx.runs.get(RUN)))!.bytesSent;
}

postgresTest("the tables have the columns of SQLite's", async (target) => {
  await (await PostgresStore.open(target)).close();
  const rows = await queryAsOwner(
    target,
    `SELECT table_name || '.' || column_name || ' ' || is_nullable AS it, data_type AS type
       FROM information_schema.columns
       WHERE table_schema = $1 AND table_name <> 'flwr_schema' AND column_name <> 'rowid'`,
    [target.schema!],
  );
  const types: Readonly<Record<string, string>> = {
    INTEGER: "bigint",
    REAL: "double precision",
    TEXT: "text",
    BLOB: "bytea",
  };
  const sqlite = new DatabaseSync(":memory:");
  for (const step of SQLITE_MIGRATIONS) sqlite.exec(step);
  const theirs = sqlite.prepare(
    `SELECT t.name || '.' || c.name || ' ' || iif(c."notnull" OR c.pk, 'NO', 'YES') AS it, c.type
       FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
  ).all() as { it: string; type: string }[];
  sqlite.close();
  assert.deepEqual(
    new Set(rows.map(({ it, type }) => `${it} ${type}`)),
    new Set(theirs.map(({ it, type }) => `${it} ${types[type]}`)),
  );
});

postgresTest("the tables have the indices of SQLite's", async (target) => {
  await (await PostgresStore.open(target)).close();
  const rows = await queryAsOwner(
    target,
    "SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1 AND tablename <> 'flwr_schema'",
    [target.schema!],
  );
  const sqlite = new DatabaseSync(":memory:");
  for (const step of SQLITE_MIGRATIONS) sqlite.exec(step);
  const theirs = sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql <> ''")
    .all().map(({ name }) => name);
  sqlite.close();
  const ours = rows.map(({ name }) => String(name)).filter((name) => !/_(pkey|key)$/.test(name));
  assert.deepEqual(ours.sort(), theirs.sort());
});

postgresTest("committed changes survive reopening the store", async (target) => {
  {
    await using first = await opened(target);
    await first.transaction("durable", write);
  }
  await using second = await opened(target);
  assert.equal((await second.transaction("relaxed", (tx) => tx.runs.get(RUN)))?.fabId, "app");
});

postgresTest("a newer schema is refused", async (target) => {
  await (await PostgresStore.open(target)).close();
  const version = (value: number) =>
    asOwner(target, `UPDATE ${target.schema}.flwr_schema SET version = ${value}`);
  await version(MIGRATIONS.length + 1);
  await assert.rejects(PostgresStore.open(target), {
    code: "failed-precondition",
    message: new RegExp(`has schema ${MIGRATIONS.length + 1}: .* up to ${MIGRATIONS.length}$`),
  });
  await version(MIGRATIONS.length);
});

postgresTest("another program's tables are refused and not changed", async (target) => {
  const schema = `${target.schema}_foreign`;
  await asOwner(target, `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.run (id INTEGER)`);
  await assert.rejects(PostgresStore.open({ ...target, schema }), {
    code: "failed-precondition",
    message: /has a table "run" that this SuperLink did not create$/,
  });
  const rows = await queryAsOwner(
    target,
    "SELECT tablename FROM pg_tables WHERE schemaname = $1",
    [schema],
  );
  assert.deepEqual(rows.map(({ tablename }) => tablename), ["run"]);
});

postgresTest("two SuperLinks that start together create the tables once", async (target) => {
  const schema = `${target.schema}_twins`;
  await asOwner(target, `CREATE SCHEMA ${schema}`);
  const stores = await Promise.all([1, 2, 3].map(() => PostgresStore.open({ ...target, schema })));
  await stores[0]!.transaction("durable", write);
  assert.equal((await stores[2]!.usage()).runs, 1);
  for (const store of stores) await store.close();
});

postgresTest("transactions of two stores do not interleave", async (target) => {
  await using first = await opened(target);
  await using second = await opened(target);
  await first.transaction("relaxed", write);
  // A lost update if both read before one writes.
  const raise = async (tx: LinkTables) => {
    const run = (await tx.runs.get(RUN))!;
    await tx.runs.put({ ...run, bytesSent: run.bytesSent + 1 });
  };
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 ? first : second).transaction("relaxed", raise)),
  );
  assert.equal(await counted(first), 40);
});

postgresTest("a conflict runs the work again", async (target) => {
  await using store = await opened(target);
  await store.transaction("relaxed", write);
  // The sequence is not rolled back, so only the first attempt fails.
  await asOwner(
    target,
    `SET search_path = ${target.schema};
     CREATE SEQUENCE conflicts;
     CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF nextval('${target.schema}.conflicts') = 1 THEN
           RAISE 'conflict' USING ERRCODE = 'serialization_failure';
         END IF;
         RETURN NEW;
       END $$;
     CREATE TRIGGER conflict BEFORE UPDATE ON run FOR EACH ROW EXECUTE FUNCTION conflict()`,
  );
  let attempts = 0;
  let commits = 0;
  await store.transaction("durable", (tx) => {
    attempts++;
    return count(tx);
  }, () => commits++);
  assert.deepEqual([attempts, commits, await counted(store)], [2, 1, 1]);
  await asOwner(
    target,
    `SET search_path = ${target.schema}; DROP TRIGGER conflict ON run;
     DROP FUNCTION conflict; DROP SEQUENCE conflicts`,
  );
});

postgresTest(
  "a failed statement fails the transaction, even if the work goes on",
  async (target) => {
    await using store = await opened(target);
    await store.transaction("relaxed", write);
    await assert.rejects(
      store.transaction("durable", async (tx) => {
        await count(tx);
        await tx.fabs.get("a\0b").catch(() => {});
      }),
      { code: "invalid-argument" },
    );
    assert.equal(await counted(store), 0);
  },
);

postgresTest("a statement after the end of its transaction is refused", async (target) => {
  await using store = await opened(target);
  let late: LinkTables | undefined;
  await store.transaction("relaxed", async (tx) => {
    late = tx;
    await write(tx);
  });
  await assert.rejects(count(late!), { code: "internal" });
  assert.equal(await counted(store), 0);
});

postgresTest("a transaction whose session ended runs again", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  let attempts = 0;
  await store.transaction("durable", async (tx) => {
    await count(tx);
    if (attempts++ === 0) proxy.cut();
    await count(tx);
  });
  assert.deepEqual([attempts, await counted(store)], [2, 2]);
});

for (const [when, isForwarded] of [["after", true], ["before", false]] as const) {
  postgresTest(`a connection lost ${when} the server got COMMIT stores once`, async (target) => {
    await using proxy = CuttingProxy.to(target);
    await using store = await opened({ ...target, port: proxy.port });
    await store.transaction("durable", write);
    proxy.cutAt("COMMIT", isForwarded);
    let attempts = 0;
    let commits = 0;
    await store.transaction("durable", (tx) => {
      attempts++;
      return count(tx);
    }, () => commits++);
    assert.equal(proxy.cuts, 1);
    assert.deepEqual([attempts, commits, await counted(store)], [isForwarded ? 1 : 2, 1, 1]);
  });
}

postgresTest("an unknown outcome of COMMIT is refused", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  proxy.cutAt("COMMIT", true);
  // A relaxed transaction has no number to look up.
  await assert.rejects(store.transaction("relaxed", count), {
    code: "unavailable",
    message: /the outcome is unknown$/,
  });
  assert.equal(await counted(store), 1);
});

postgresTest("a server that was away for a while is used again", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  proxy.stop();
  const counting = store.transaction("durable", count);
  await new Promise((resolve) => setTimeout(resolve, 400));
  proxy.start();
  await counting;
  assert.equal(await counted(store), 1);
});

postgresTest("errors name host and database, and not the password", async (target) => {
  const secret = "hidden-word";
  const missing = { ...target, password: secret, database: "no_such_database" };
  const closed = { ...target, password: secret, port: 1 };
  for (
    const [wrong, code] of [[missing, "failed-precondition"], [closed, "unavailable"]] as const
  ) {
    const error = await PostgresStore.open(wrong).then(() => undefined, (error) => error);
    assert.equal(error.code, code);
    const text = [error.message, ...error.hints].join("\n");
    assert.match(text, new RegExp(`127\\.0\\.0\\.1:${wrong.port}/${wrong.database}`));
    assert.doesNotMatch(Deno.inspect(error, { depth: 9 }), new RegExp(secret));
  }
});
