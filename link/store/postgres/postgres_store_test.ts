import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { asOwner, postgresTest, queryAsOwner } from "../../../tests/support/postgres.ts";
import { systemClock } from "../../../base/clock.ts";
import { seededRandom } from "../../../base/random.ts";
import { NotSynced } from "../../transactions/transactions.ts";
import { runRecord } from "../../testing/records.ts";
import { Connection } from "./connection.ts";
import { MIGRATIONS as SQLITE_MIGRATIONS } from "../sqlite/schema.ts";
import type { LinkTables } from "../store.ts";
import { PostgresStore } from "./postgres_store.ts";
import { MIGRATIONS, OWN_TABLES } from "./schema.ts";
import type { PostgresTarget } from "./target.ts";
import { CuttingProxy } from "./testing/cutting_proxy.ts";

/** End of the message that commits. */
const COMMIT = "COMMIT\0";
const OWN = OWN_TABLES.map((table) => `'${table}'`).join();
const RUN = 2n ** 64n - 1n;
const write = (tx: LinkTables) => tx.runs.put(runRecord({ runId: RUN, fabId: "app" }));
const count = (tx: LinkTables) =>
  tx.runs.addTraffic(RUN, { bytesSent: 1, bytesReceived: 0, clientAppSeconds: 0 });

/** Waits until this thread's stores have paused twice: each time, an attempt to connect has failed before. */
async function pausedTwice(): Promise<void> {
  const { sleep } = systemClock;
  const paused = Promise.withResolvers<void>();
  let pauses = 0;
  systemClock.sleep = (seconds, signal) => {
    if (++pauses === 2) paused.resolve();
    return sleep(seconds, signal);
  };
  try {
    await paused.promise;
  } finally {
    systemClock.sleep = sleep;
  }
}

/** Opens a store for the time of a test. */
async function opened(target: PostgresTarget): Promise<PostgresStore & AsyncDisposable> {
  const store = await PostgresStore.open(target);
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

/** How often {@link count} took effect. */
async function counted(store: PostgresStore): Promise<number> {
  return (await store.transaction("relaxed", (tx) => tx.runs.get(RUN)))!.bytesSent;
}

postgresTest(
  "signatures are added while another SuperLink has the lock, and count once",
  async (target) => {
    await using a = await opened(target);
    await using b = await opened(target);
    const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = a.transaction("relaxed", async (tx) => {
      await write(tx);
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const signs = Array.from(
      { length: 200 },
      (_, nth) => ({ peer: "a", nonce: `${nth}`, until: 9 }),
    );
    // In both orders, so that each waits for rows of the other.
    const [ofA, ofB] = await Promise.all([
      a.signatures.add(signs),
      b.signatures.add(signs.toReversed()),
    ]);
    ofB.reverse();
    assert.ok(ofA.every((isNew, nth) => isNew !== ofB[nth]));
    await b.signatures.removeExpired(9);
    release.resolve();
    await writing;
  },
);

postgresTest("the tables have the columns of SQLite's", async (target) => {
  await (await PostgresStore.open(target)).close();
  const rows = await queryAsOwner(
    target,
    `SELECT table_name || '.' || column_name || ' ' || is_nullable AS it, data_type AS type
       FROM information_schema.columns
       WHERE table_schema = $1 AND table_name NOT IN (${OWN}) AND column_name <> 'rowid'`,
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
    `SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1 AND tablename NOT IN (${OWN})`,
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
    asOwner(
      target,
      `UPDATE ${target.schema}.flwr_schema SET version = ${value}, oldest = ${value}`,
    );
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

postgresTest("a transaction that only reads does not wait for one that writes", async (target) => {
  await using store = await opened(target);
  await store.transaction("relaxed", write);
  const [locked, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = store.transaction("relaxed", async (tx) => {
    await count(tx);
    await tx.runs.get(RUN);
    locked.resolve();
    await end.promise;
  });
  await locked.promise;
  const reading = store.transaction("read-only", async (tx) => {
    const before = (await tx.runs.get(RUN))!.bytesSent;
    end.resolve();
    await writing;
    return [before, (await tx.runs.get(RUN))!.bytesSent];
  });
  // All its reads are of the same moment.
  assert.deepEqual(await reading, [0, 0]);
  assert.equal(await counted(store), 1);
});

postgresTest("the server finds rows by indices, however many there are", async (target) => {
  await using store = await opened(target);
  const ids = Array.from({ length: 120 }, (_, nth) => `${nth}`);
  await store.transaction("relaxed", (tx) =>
    tx.objects.addAll(
      ids.map((id, nth) => ({
        object: { id, bytes: new Uint8Array([1]), children: [`${nth + 1}`] },
        counters: { references: 0, waits: 0 },
      })),
    ));
  // Another SuperLink, which has nothing of them in memory.
  await using other = await opened(target);
  const sent = await statementsOf(() =>
    other.transaction("relaxed", async (tx) => {
      await tx.objects.standings(ids);
      await tx.objects.sizes(ids);
      await tx.objects.bytesOf(ids);
      await tx.objects.childrenOfAll(ids);
      await tx.objects.parentsOfAll(ids);
      await tx.objects.tree("50");
      await tx.objects.addReferencesAll(new Map(ids.map((id) => [id, 1])));
      await tx.pushes.areAnnounced(ids);
      await tx.instructions.get(ids);
      await tx.replies.withIds(ids);
      await tx.objects.removeAll(ids);
    })
  );
  assert.ok(sent.length > 10);
  // The tables were never analysed, as those of a SuperLink that has just begun to work.
  const connection = await Connection.open(target, { waitsForDisk: false });
  try {
    for (const [text, values] of sent) {
      const { rows } = await connection.query(`EXPLAIN ${text}`, values);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      assert.doesNotMatch(plan, /Seq Scan|(Hash|Merge) /, text);
    }
  } finally {
    await connection.close();
  }
});

/** The statements that work sends, with their values. */
async function statementsOf(
  work: () => Promise<unknown>,
): Promise<Parameters<Connection["query"]>[]> {
  const { query } = Connection.prototype;
  const sent: Parameters<Connection["query"]>[] = [];
  Connection.prototype.query = function (...statement) {
    sent.push(statement);
    return query.apply(this, statement);
  };
  try {
    await work();
  } finally {
    Connection.prototype.query = query;
  }
  return sent;
}

for (const level of ["repeatable read", "serializable"]) {
  postgresTest(`two stores agree if the server's default is ${level}`, async (target) => {
    // The tables belong to the tests' user.
    await (await PostgresStore.open(target)).close();
    // Only this role, because other tests use the server at the same time.
    const user = `levels_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(
      target,
      `CREATE ROLE ${user} LOGIN SUPERUSER;
       ALTER ROLE ${user} SET default_transaction_isolation = '${level}'`,
    );
    const stores = await Promise.all([1, 2].map(() => PostgresStore.open({ ...target, user })));
    // At most one of the two leases may be taken.
    let both = 0;
    for (let round = 0; round < 20; round++) {
      const names = [`a${round}`, `b${round}`];
      const taken = await Promise.all(
        stores.map((store, nth) =>
          store.transaction("relaxed", async (tx) => {
            if (await tx.leases.get(names[1 - nth]!) !== undefined) return false;
            await tx.leases.put({ name: names[nth]!, holder: 1n, number: 1, until: 1 });
            return true;
          })
        ),
      );
      if (taken.every((isTaken) => isTaken)) both++;
    }
    assert.equal(both, 0);
    for (const store of stores) await store.close();
    await asOwner(target, `DROP ROLE ${user}`);
  });
}

postgresTest(
  "of statements that travel together, the first that failed says why",
  async (target) => {
    await using store = await opened(target);
    await asOwner(
      target,
      `SET search_path = ${target.schema};
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'read-only' USING ERRCODE = '25006'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON run FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    const both = store.transaction("relaxed", async (tx) => {
      await write(tx);
      await tx.runs.get(RUN);
    });
    await assert.rejects(both, { code: "unavailable" });
    await asOwner(
      target,
      `SET search_path = ${target.schema}; DROP TRIGGER refuse ON run; DROP FUNCTION refuse`,
    );
  },
);

postgresTest("a conflict that remains is unavailable", async (target) => {
  await using store = await opened(target);
  await store.transaction("relaxed", write);
  await asOwner(
    target,
    `SET search_path = ${target.schema};
     CREATE FUNCTION always_conflict() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE 'conflict' USING ERRCODE = 'serialization_failure'; END $$;
     CREATE TRIGGER always BEFORE UPDATE ON run FOR EACH ROW EXECUTE FUNCTION always_conflict()`,
  );
  await assert.rejects(store.transaction("durable", count), { code: "unavailable" });
  await asOwner(
    target,
    `SET search_path = ${target.schema}; DROP TRIGGER always ON run; DROP FUNCTION always_conflict`,
  );
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
    proxy.cutAt(COMMIT, isForwarded);
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

/** Commits without an answer, and cuts the server off until `meanwhile` has run. */
async function lostCommit(
  store: PostgresStore,
  proxy: CuttingProxy,
  target: PostgresTarget,
  meanwhile: string,
): Promise<{ attempts: number; commits: number }> {
  const seen = { attempts: 0, commits: 0 };
  proxy.cutAt(COMMIT, true);
  const counting = store.transaction("durable", (tx) => {
    seen.attempts++;
    return count(tx);
  }, () => seen.commits++);
  await proxy.cutOnce();
  proxy.stop();
  const committed = "SELECT bytes_sent FROM run WHERE bytes_sent > 0";
  const schema = `SET search_path = ${target.schema}`;
  while (
    (await queryAsOwner(target, committed.replace("run", `${target.schema}.run`), [])).length === 0
  );
  await asOwner(target, `${schema}; ${meanwhile}`);
  proxy.start();
  await counting;
  return seen;
}

postgresTest("a commit that the server lost when it crashed is stored again", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  // What a crash of the server does to a commit that was not on its disk. Its number then belongs to another.
  const seen = await lostCommit(
    store,
    proxy,
    target,
    "UPDATE run SET bytes_sent = 0; UPDATE flwr_commit SET number = number - 1",
  );
  assert.deepEqual(seen, { attempts: 2, commits: 1 });
  assert.equal(await counted(store), 1);
});

postgresTest("a durable transaction that another server lacks is not confirmed", async (target) => {
  await using store = await opened(target);
  await store.transaction("durable", write);
  // The connection that syncs sees a server without the transaction's mark.
  await asOwner(
    target,
    `SET search_path = ${target.schema};
     CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER forget BEFORE INSERT OR UPDATE ON flwr_commit FOR EACH ROW
       EXECUTE FUNCTION forget()`,
  );
  await assert.rejects(store.transaction("durable", count), (error) => {
    assert.ok(error instanceof NotSynced);
    assert.equal(error.code, "unavailable");
    return true;
  });
  await asOwner(
    target,
    `SET search_path = ${target.schema}; DROP TRIGGER forget ON flwr_commit; DROP FUNCTION forget`,
  );
  await store.transaction("durable", count);
  assert.equal(await counted(store), 2);
});

postgresTest("a transaction that only read is confirmed if its mark is there", async (target) => {
  await using store = await opened(target);
  await store.transaction("relaxed", write);
  const run = await store.transaction("durable", (tx) => tx.runs.get(RUN));
  assert.equal(run?.runId, RUN);
  const marks = async () =>
    (await queryAsOwner(target, `SELECT number FROM ${target.schema}.flwr_commit`, []))
      .map(({ number }) => number);
  assert.deepEqual(await marks(), [1n]);
  // One row for each connection, and those of earlier days are removed.
  await store.transaction("durable", count);
  assert.deepEqual(await marks(), [2n]);
  await asOwner(
    target,
    `UPDATE ${target.schema}.flwr_commit SET written_at = now() - interval '2 days'`,
  );
  await using other = await opened(target);
  await other.transaction("durable", count);
  assert.deepEqual(await marks(), [1n]);
  await store.transaction("durable", count);
});

postgresTest("connections cut at any moment lose nothing and repeat nothing", async (target) => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  let commits = 0;
  for (let cut = 0; cut < 20; cut++) {
    const counting = Array.from(
      { length: 6 },
      () =>
        store.transaction("durable", count, () => commits++).then(
          () => true,
          (error) => {
            assert.equal(error.code, "unavailable");
            return error instanceof NotSynced;
          },
        ),
    );
    // After some parts of the conversation, wherever it then is.
    proxy.cutAfter(Number(random.uint64() % 24n));
    const stored = (await Promise.all(counting)).filter((isStored) => isStored).length;
    assert.equal(await counted(store), commits);
    assert.ok(stored <= commits);
  }
});

postgresTest("an unknown outcome of COMMIT is refused", async (target) => {
  await using proxy = CuttingProxy.to(target);
  await using store = await opened({ ...target, port: proxy.port });
  await store.transaction("durable", write);
  proxy.cutAt(COMMIT, true);
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
  await pausedTwice();
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
