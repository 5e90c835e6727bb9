import assert from "node:assert/strict";
import { TempDir } from "../../../tests/support/tempdir.ts";
import { AccountRoles } from "./account_roles.ts";
import type { AccountsConfig } from "./config.ts";
import { readRolesFile } from "./roles_file.ts";

const PROVIDER = { provider: {} as AccountsConfig["provider"] };

/** Roles with a file of this text. */
async function rolesWith(text: string | undefined, config: Partial<AccountsConfig> = {}) {
  await using folder = await TempDir.make();
  const file = `${folder.path}/accounts.toml`;
  if (text !== undefined) await Deno.writeTextFile(file, text);
  const stop = new AbortController();
  const roles = await AccountRoles.open({
    ...PROVIDER,
    ...config,
    ...(text !== undefined && { rolesFile: file }),
  }, stop.signal);
  stop.abort();
  return roles;
}

Deno.test("account roles: subject before name before claim before default", async () => {
  const roles = await rolesWith(
    `[subjects]\n"1" = ["operator", "viewer"]\n[names]\nalice = "admin"\n`,
    { defaultRole: "viewer" },
  );
  const claim = ["flwr-researcher", "admin", "flwr-king"];
  assert.deepEqual(roles.of({ id: "1", name: "alice" }, claim), ["operator", "viewer"]);
  assert.deepEqual(roles.of({ id: "2", name: "alice" }, claim), ["admin"]);
  assert.deepEqual(roles.of({ id: "2", name: "bob" }, claim), ["researcher"]);
  assert.deepEqual(roles.of({ id: "2", name: "bob" }, ["admin"]), ["viewer"]);
  // A name that equals another account's subject gives nothing.
  assert.deepEqual(roles.of({ id: "3", name: "1" }, []), ["viewer"]);
  assert.deepEqual((await rolesWith(undefined)).of({ id: "3", name: "x" }, []), []);
});

Deno.test("account roles: a file that is not understood is refused whole", async () => {
  await using folder = await TempDir.make();
  const file = `${folder.path}/accounts.toml`;
  for (
    const text of [
      `[subjects]\na = "king"`,
      `[subjects]\na = 1`,
      `[subjects]\na = ["admin", 2]`,
      `[accounts]\na = "admin"`,
      `names = "admin"`,
      `[names`,
    ]
  ) {
    await Deno.writeTextFile(file, text);
    await assert.rejects(readRolesFile({ file, flag: "--accounts-file" }), {
      code: "invalid-argument",
    }, text);
  }
});
