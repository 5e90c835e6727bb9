import assert from "node:assert/strict";
import { TempDir } from "../../../tests/support/tempdir.ts";
import type { Role } from "../../../entities/account.ts";
import { AccountRoles } from "./account_roles.ts";
import type { AccountsConfig } from "./config.ts";

const TOKEN = { id: "17", name: "alice", roles: ["admin", "researcher"] as readonly Role[] };

async function rolesOf(lines: string, config: Partial<AccountsConfig>) {
  await using folder = await TempDir.make();
  const rolesFile = `${folder.path}/accounts.toml`;
  await Deno.writeTextFile(rolesFile, lines);
  const stopped = AbortSignal.abort();
  return await AccountRoles.open({ ...config, rolesFile } as AccountsConfig, stopped);
}

Deno.test("an API token has no role that its account has lost", async () => {
  const demoted = await rolesOf('[subjects]\n"17" = "researcher"\n', { roleClaim: "groups" });
  assert.deepEqual(demoted.stillOf(TOKEN), ["researcher"]);
  const byName = await rolesOf("[names]\nalice = []\n", {});
  assert.deepEqual(byName.stillOf(TOKEN), []);
  const removed = await rolesOf('[subjects]\n"18" = "admin"\n', {});
  assert.deepEqual(removed.stillOf(TOKEN), []);
  const others = await rolesOf('[subjects]\n"18" = "admin"\n', { defaultRole: "researcher" });
  assert.deepEqual(others.stillOf(TOKEN), ["researcher"]);
});

Deno.test("an API token gets no role that it was created without, and keeps what only a claim gives", async () => {
  const promoted = await rolesOf('[subjects]\n"17" = ["admin", "operator", "researcher"]\n', {});
  assert.deepEqual(promoted.stillOf(TOKEN), TOKEN.roles);
  const claimed = await rolesOf('[subjects]\n"18" = "admin"\n', { roleClaim: "groups" });
  assert.deepEqual(claimed.stillOf(TOKEN), TOKEN.roles);
});
