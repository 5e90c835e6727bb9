/** API tokens: what they may do, and when they stop. */
import assert from "node:assert/strict";
import { Accounts } from "../../../proto/gen/current/accounts_pb.ts";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { CONTROL_RIGHTS } from "../../../rpc/dialects/current/server/control_rights.ts";
import { AccountsClient } from "../../../rpc/dialects/current/client/accounts_client.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { federation } from "./account_federation.ts";
import { openWire } from "./wire.ts";

Deno.test("an API token acts as its account with the roles that it got, until it is revoked", async () => {
  await using federated = await federation();
  const { superLink } = federated;
  const admin = new AccountsClient(await federated.channel("admin"));
  const researcher = new AccountsClient(await federated.channel("researcher"));
  const { token, secret } = await admin.createApiToken({
    name: "ci",
    seconds: 3600,
    roles: ["admin"],
  });
  assert.match(secret, /^flwr_[\w-]{43}$/);
  const machine = superLink.withToken(secret);
  const me = await new AccountsClient(machine).whoAmI();
  assert.deepEqual(me, { id: "admin", name: "admin", roles: ["admin"], apiTokenId: token.tokenId });
  const control = new ControlClient(machine);
  assert.deepEqual((await control.listRuns()).items, []);
  // It lives no longer than its own time.
  const denied = { code: "permission-denied" } as const;
  await assert.rejects(
    new AccountsClient(machine).createApiToken({ name: "again", seconds: 60 }),
    denied,
  );
  // Others neither see nor revoke it, and get no roles that they do not have.
  assert.deepEqual(await researcher.listApiTokens(false), []);
  await assert.rejects(researcher.listApiTokens(true), denied);
  await assert.rejects(researcher.revokeApiToken(token.tokenId), { code: "not-found" });
  await assert.rejects(
    researcher.createApiToken({ name: "x", seconds: 60, roles: ["admin"] }),
    denied,
  );
  for (const seconds of [0, 367 * 86_400]) {
    await assert.rejects(researcher.createApiToken({ name: "x", seconds }), {
      code: "invalid-argument",
    });
  }
  assert.equal((await admin.listApiTokens(true)).length, 1);
  await admin.revokeApiToken(token.tokenId);
  await assert.rejects(control.listRuns(), { code: "unauthenticated" });
});

Deno.test("an API token expires", async () => {
  await using federated = await federation();
  const accounts = new AccountsClient(await federated.channel("researcher"));
  const { secret } = await accounts.createApiToken({ name: "short", seconds: 1 });
  const control = new ControlClient(federated.superLink.withToken(secret));
  const end = Date.now() + 10_000;
  let refused = false;
  while (!refused && Date.now() < end) {
    refused = await control.listRuns().then(() => false, ({ code }) => code === "unauthenticated");
  }
  assert.ok(refused);
});

Deno.test("calls about accounts need one, with any role or none", async () => {
  await using federated = await federation();
  const { superLink, provider } = federated;
  using wire = openWire("http", superLink.control("http"), superLink.authority);
  const { access } = await provider.tokensOf("stranger");
  for (const desc of Accounts.methods) {
    assert.equal(await wire.outcome(desc, new Uint8Array(), []), "401", desc.name);
  }
  const whoAmI = await wire.outcome(Accounts.method.whoAmI, new Uint8Array(), [
    ["authorization", `Bearer ${access}`],
  ]);
  assert.equal(whoAmI, "200");
  assert.ok(Object.keys(CONTROL_RIGHTS).length < Control.methods.length);
});
