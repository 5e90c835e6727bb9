/** Access to PostgreSQL: TLS and passwords. */
import assert from "node:assert/strict";
import { makeCertificates } from "../../certs/make.ts";
import { Connection } from "../../link/store/postgres/connection.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import type { PostgresTarget, PostgresTls } from "../../link/store/postgres/target.ts";
import { asOwner, postgresTest, queryAsOwner } from "../support/postgres.ts";

/** Statements that write a file into the server's data folder, with rights for its owner alone. */
function writeFile(name: string, text: string): string {
  const lines = text.trim().split("\n").map((line) => `'${line}'`).join(",");
  return `COPY (SELECT unnest(ARRAY[${lines}])) TO PROGRAM 'umask 077; cat > ${name}'`;
}

/** Whether a connection succeeds, or the code of its error. */
async function outcome(target: PostgresTarget): Promise<string> {
  const store = await PostgresStore.open(target).catch((error) => error);
  if (!(store instanceof PostgresStore)) return store.code;
  await store.close();
  return "connected";
}

postgresTest("TLS: the right server is accepted, and any other is refused", async (target) => {
  const right = await makeCertificates();
  const other = await makeCertificates();
  await asOwner(target, writeFile("server.crt", right.server));
  await asOwner(target, writeFile("server.key", right.serverKey));
  await asOwner(target, "ALTER SYSTEM SET ssl = on");
  await asOwner(target, "SELECT pg_reload_conf()");
  const of = (host: string, tls: PostgresTls) => outcome({ ...target, host, tls });
  // The server reads its files in the background.
  while (await of("127.0.0.1", { ca: right.authority, checksHost: true }) !== "connected");
  const { authority: ca } = right;
  // The certificate names localhost and 127.0.0.1.
  assert.equal(await of("localhost", { ca, checksHost: true }), "connected");
  assert.equal(await of("127.0.0.2", { ca, checksHost: true }), "failed-precondition");
  assert.equal(await of("127.0.0.2", { ca, checksHost: false }), "connected");
  for (const host of ["localhost", "127.0.0.1", "127.0.0.2"]) {
    for (const checksHost of [true, false]) {
      const strange = await of(host, { ca: other.authority, checksHost });
      assert.equal(strange, "failed-precondition", host);
      assert.equal(await of(host, { checksHost }), "failed-precondition", host);
    }
  }
  const connection = await Connection.open(
    { ...target, tls: { ca, checksHost: true } },
    { waitsForDisk: false },
  );
  const { rows: [row] } = await connection.query(
    "SELECT ssl::int8 AS encrypted FROM (SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS own",
  );
  await connection.close();
  assert.equal(row?.encrypted, 1n);
});

postgresTest("a password is needed, and the right one", async (target) => {
  await asOwner(
    target,
    `DO $$ BEGIN CREATE ROLE needs_password LOGIN PASSWORD 'right'; EXCEPTION WHEN OTHERS THEN NULL; END $$;
     GRANT ALL ON SCHEMA ${target.schema} TO needs_password`,
  );
  const schema = `${target.schema}_locked`;
  await asOwner(target, `CREATE SCHEMA ${schema} AUTHORIZATION needs_password`);
  const as = (password?: string) =>
    outcome({
      ...target,
      schema,
      user: "needs_password",
      ...(password === undefined ? {} : { password }),
    });
  assert.equal(await as("right"), "connected");
  assert.equal(await as("wrong"), "failed-precondition");
  assert.equal(await as(), "failed-precondition");
  const rows = await queryAsOwner(
    target,
    "SELECT tableowner::text AS owner FROM pg_tables WHERE schemaname = $1 AND tablename = 'run'",
    [schema],
  );
  assert.deepEqual(rows.map(({ owner }) => owner), ["needs_password"]);
});
