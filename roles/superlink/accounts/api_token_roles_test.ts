import assert from "node:assert/strict";
import { TempDir } from "../../../tests/support/tempdir.ts";
import type { Role } from "../../../entities/account.ts";
import { AccountRoles } from "./account_roles.ts";
import { MemoryApiTokens } from "../../../link/store/memory_api_tokens.ts";
import type { AccountsConfig } from "./config.ts";
import { Serial } from "../../../link/store/serial.ts";
import { openAccounts } from "./open_accounts.ts";

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

Deno.test("a SuperLink answers an API token with the roles that its account has now", async () => {
  await using folder = await TempDir.make();
  const rolesFile = `${folder.path}/accounts.toml`;
  await Deno.writeTextFile(rolesFile, '[subjects]\n"17" = "researcher"\n');
  const issuer = new URL("https://login.example");
  const provider = { issuer, clientId: "c", audience: "c", scope: "openid" };
  const { gate, apiTokens } = await openAccounts({ provider, rolesFile, roleClaim: "groups" }, {
    tokens: new MemoryApiTokens(new Serial()),
    signal: AbortSignal.abort(),
  });
  const { secret } = await apiTokens.create(TOKEN, { name: "ci", seconds: 60 });
  assert.deepEqual((await gate.identify(secret, "127.0.0.1")).roles, ["researcher"]);
});
