import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type PostgresFlags, readPostgres } from "./postgres_flags.ts";

const read = (
  url: string,
  flags: PostgresFlags = {},
  variables: Readonly<Record<string, string>> = {},
) => readPostgres(url, flags, (name) => variables[name]);

const SECRET = "hidden:word";

/** Asserts that reading is refused with a code, and that no text of the error has the password. */
async function refused(url: string, code: string, flags?: PostgresFlags): Promise<FlwrError> {
  const error = await read(url, flags, {}).then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, `${url} was accepted`);
  assert.equal(error.code, code, url);
  assert.doesNotMatch(Deno.inspect(error), /hidden/, url);
  return error;
}

Deno.test("a URL gives host, port, database and user", async () => {
  assert.deepEqual(await read("postgres://flwr@localhost/link"), {
    host: "localhost",
    port: 5432,
    database: "link",
    user: "flwr",
  });
  assert.deepEqual(await read("postgresql://a%40b@[::1]:6000/my%20db"), {
    host: "::1",
    port: 6000,
    database: "my db",
    user: "a@b",
  });
});

Deno.test("TLS is the default for other machines, and verifies the host", async () => {
  const tls = async (url: string) => (await read(url)).tls;
  assert.deepEqual(await tls("postgres://a@db.example.org/c"), { checksHost: true });
  assert.deepEqual(await tls("postgres://a@10.0.0.1/c?sslmode=verify-ca"), { checksHost: false });
  assert.deepEqual(await tls("postgres://a@localhost/c?sslmode=verify-full"), { checksHost: true });
  assert.equal(await tls("postgres://a@127.0.0.2/c?sslmode=disable"), undefined);
  await refused("postgres://a@db.example.org/c?sslmode=disable", "failed-precondition");
  await refused("postgres://a@127.0.0.1.example.org/c?sslmode=disable", "failed-precondition");
  for (const mode of ["allow", "prefer", "require", "", "VERIFY-FULL"]) {
    await refused(`postgres://a@localhost/c?sslmode=${mode}`, "invalid-argument");
  }
});

Deno.test("URLs that are not understood are refused", async () => {
  for (
    const url of [
      "postgres://",
      "postgres:///db",
      "postgres://host/db",
      "postgres://a@host",
      "postgres://a@host/",
      "postgres://a@host/db/more",
      "postgres://a@host:99999/db",
      "postgres://a@one,two/db",
      "postgres://a@host/db?options=x",
      "postgres://a@host/db?sslmode=verify-full&sslrootcert=x",
      "postgres://a@host/100%",
      "postgres://a@host/db#x",
    ]
  ) await refused(url, "invalid-argument");
});

Deno.test("a password in the URL is refused and not shown", async () => {
  const urls = [
    "postgres://a:hidden@localhost/db",
    "postgres://a@localhost/db?password=hidden",
    "postgres://a:hidden@one,two/db",
    "postgres://a:hidden@host:port/db",
  ];
  for (const url of urls) await refused(url, "invalid-argument");
  const { hints } = await refused(urls[0]!, "invalid-argument");
  assert.match(hints.join(), /--database-password-file/);
});

/** Writes a file that only its owner can read. */
async function withFile(text: string, body: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, text);
    await body(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the password comes from the flag's file, PGPASSWORD, or PGPASSFILE, in this order", async () => {
  const url = "postgres://a@localhost/db";
  const passwordOf = async (flags: PostgresFlags, variables: Record<string, string>) =>
    (await read(url, flags, variables)).password;
  await withFile(`${SECRET}\n`, async (databasePasswordFile) => {
    await withFile("*:*:*:*:third", async (PGPASSFILE) => {
      const variables = { PGPASSWORD: "second", PGPASSFILE };
      assert.equal(await passwordOf({ databasePasswordFile }, variables), SECRET);
      assert.equal(await passwordOf({}, variables), "second");
      assert.equal(await passwordOf({}, { PGPASSFILE }), "third");
      assert.equal(await passwordOf({}, { PGPASSWORD: "", PGPASSFILE: "" }), undefined);
    });
  });
  await withFile(
    "\n",
    (file) => refused(url, "invalid-argument", { databasePasswordFile: file }).then(() => {}),
  );
  await refused(url, "not-found", { databasePasswordFile: "/nowhere/at/all" });
});

Deno.test("the first matching line of PGPASSFILE counts", async () => {
  const lines = [
    "# localhost:5432:db:a:comment",
    "too:few",
    "localhost:5433:db:a:other port",
    "::1:5432:db:a:unescaped",
    "\\:\\:1:5432:db:a:six",
    "localhost:*:db:b\\\\\\:c:odd: one\\",
    "localhost:5432:db:a:pass:word",
    "*:*:*:*:rest",
  ];
  await withFile(lines.join("\n"), async (PGPASSFILE) => {
    const passwordOf = async (url: string) => (await read(url, {}, { PGPASSFILE })).password;
    assert.equal(await passwordOf("postgres://a@localhost/db"), "pass:word");
    assert.equal(await passwordOf("postgres://a@localhost:5433/db"), "other port");
    assert.equal(await passwordOf("postgres://a@[::1]/db"), "six");
    assert.equal(await passwordOf("postgres://b%5C:@localhost/db").catch(() => "refused"), "rest");
    assert.equal(await passwordOf("postgres://b%5C%3Ac@localhost/db"), "odd: one\\");
  });
});

Deno.test("a PGPASSFILE that others can read is refused", async () => {
  await withFile("*:*:*:*:x", async (PGPASSFILE) => {
    await Deno.chmod(PGPASSFILE, 0o640);
    await assert.rejects(read("postgres://a@localhost/db", {}, { PGPASSFILE }), {
      code: "failed-precondition",
    });
  });
});

Deno.test("the CA file must have a certificate, and asks for TLS", async () => {
  const url = "postgres://a@localhost/db";
  const pem = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
  await withFile(pem, async (databaseCaFile) => {
    assert.deepEqual((await read(url, { databaseCaFile })).tls, { ca: pem, checksHost: true });
    await refused(`${url}?sslmode=disable`, "invalid-argument", { databaseCaFile });
  });
  await withFile("no certificate", async (databaseCaFile) => {
    await refused(url, "invalid-argument", { databaseCaFile });
  });
});
