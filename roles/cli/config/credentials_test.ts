import assert from "node:assert/strict";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { CredentialsFile } from "./credentials.ts";

const ADDRESS = "127.0.0.1:8000";

/** As PyYAML's safe_dump writes it: sorted, without quotes. */
const OF_PYTHON = `flower.account-auth.127.0.0.1:8000.authn-type: b2lkYw==
flower.account-auth.127.0.0.1:8000.oidc-access-token: YWNjZXNz
flower.account-auth.127.0.0.1:8000.oidc-refresh-token: cmVmcmVzaA==
flower.account-auth.other:443.authn-type: bm9vcA==
`;

Deno.test("credentials: a file of Python's flwr is read, and what it has of others stays", async () => {
  await using folder = await TempDir.make();
  const file = new CredentialsFile(folder.path);
  await Deno.writeTextFile(file.path, OF_PYTHON);
  const store = file.of(ADDRESS);
  assert.deepEqual(await store.read(), { accessToken: "access", refreshToken: "refresh" });
  assert.equal(await file.of("other:443").read(), undefined, "noop is no login");
  await store.write({ accessToken: "a2", refreshToken: "r2" });
  assert.deepEqual(await store.read(), { accessToken: "a2", refreshToken: "r2" });
  assert.equal((await Deno.stat(file.path)).mode! & 0o777, 0o600);
  assert.match(await Deno.readTextFile(file.path), /other:443\.authn-type/);
  assert.equal(await store.remove(), true);
  assert.equal(await store.remove(), false);
  assert.equal(await store.read(), undefined);
  assert.match(await Deno.readTextFile(file.path), /other:443\.authn-type/);
});

Deno.test("credentials: without a file there is no login, and logging in makes the folder", async () => {
  await using folder = await TempDir.make();
  const store = new CredentialsFile(`${folder.path}/home`).of(ADDRESS);
  assert.equal(await store.read(), undefined);
  await store.write({ accessToken: "flwr_secret" });
  assert.deepEqual(await store.read(), { accessToken: "flwr_secret" }, "it is not refreshed");
});

Deno.test("credentials: a broken file is refused, and stays", async () => {
  await using folder = await TempDir.make();
  const file = new CredentialsFile(folder.path);
  for (const text of ["[1, 2]", "text", "a: [b", "a: {b: c}", "&x a: *x"]) {
    await Deno.writeTextFile(file.path, text);
    await assert.rejects(
      file.of(ADDRESS).write({ accessToken: "a" }),
      { code: "invalid-argument" },
      text,
    );
    assert.equal(await Deno.readTextFile(file.path), text);
  }
});
