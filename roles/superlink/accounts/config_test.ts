import assert from "node:assert/strict";
import { readAccounts, type ServingChoice } from "./config.ts";
import { type AccountFlags, DEFAULT_ACCOUNT_FLAGS } from "./flags.ts";

const TLS: ServingChoice = { insecure: false, addresses: ["0.0.0.0:8000"], hasProxies: false };
const FLAGS: AccountFlags = {
  ...DEFAULT_ACCOUNT_FLAGS,
  oidcIssuer: "https://login.example/realms/flwr",
  oidcClientId: "superlink",
  defaultRole: "viewer",
};

Deno.test("accounts: without an issuer there are none, and no other flag is ignored", async () => {
  assert.equal(await readAccounts(DEFAULT_ACCOUNT_FLAGS, TLS), undefined);
  for (
    const flags of [{ oidcClientId: "x" }, { accountsFile: "x" }, { defaultRole: "admin" }, {
      oidcScope: "openid",
    }]
  ) {
    await assert.rejects(readAccounts({ ...DEFAULT_ACCOUNT_FLAGS, ...flags }, TLS), {
      code: "invalid-argument",
    });
  }
});

Deno.test("accounts: the audience is the client's id, and roles must come from somewhere", async () => {
  const config = await readAccounts(FLAGS, TLS);
  assert.equal(config?.provider.audience, "superlink");
  assert.equal(config?.defaultRole, "viewer");
  const { defaultRole: _, ...noRole } = FLAGS;
  await assert.rejects(readAccounts(noRole, TLS), { code: "invalid-argument" });
  const { oidcClientId: __, ...noClient } = FLAGS;
  await assert.rejects(readAccounts(noClient, TLS), { code: "invalid-argument" });
});

Deno.test("accounts: the issuer is https, or http on this machine", async () => {
  for (const oidcIssuer of ["http://127.0.0.1:9", "http://[::1]:9", "https://a.example"]) {
    assert.ok(await readAccounts({ ...FLAGS, oidcIssuer }, TLS), oidcIssuer);
  }
  for (
    const oidcIssuer of [
      "login.example",
      "http://login.example",
      "http://127.0.0.1.login.example",
      "https://a:b@login.example",
      "https://login.example/?a",
      "file:///x",
    ]
  ) {
    await assert.rejects(readAccounts({ ...FLAGS, oidcIssuer }, TLS), {
      code: "invalid-argument",
    }, oidcIssuer);
  }
});

Deno.test("accounts: without TLS only on this machine, or behind a proxy", async () => {
  const plain = { insecure: true, hasProxies: false };
  assert.ok(await readAccounts(FLAGS, { ...plain, addresses: ["127.0.0.1:0", "[::1]:1"] }));
  assert.ok(await readAccounts(FLAGS, { ...plain, hasProxies: true, addresses: ["0.0.0.0:1"] }));
  await assert.rejects(readAccounts(FLAGS, { ...plain, addresses: ["127.0.0.1:0", "0.0.0.0:1"] }), {
    code: "failed-precondition",
  });
});
