/** Accounts of the Control API, with a real OpenID Connect provider: logins, tokens, and attacks on them. */
import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Control,
  GetAuthTokensRequestSchema,
  GetAuthTokensResponseSchema,
  GetLoginDetailsRequestSchema,
  GetLoginDetailsResponseSchema,
  RefreshAuthTokensRequestSchema,
  RefreshAuthTokensResponseSchema,
} from "../../../proto/gen/current/control_pb.ts";
import { systemClock } from "../../../base/clock.ts";
import {
  AUDIENCE,
  CLIENT_ID,
  CLIENT_SECRET,
  OTHER_CLIENT_ID,
  startProvider,
  type TestProvider,
} from "../../support/oidc_provider.ts";
import { TempDir } from "../../support/tempdir.ts";
import { CurrentSuperLink } from "./superlink.ts";
import { openWire } from "./wire.ts";
import { HttpCaller } from "./http_caller.ts";

/** A SuperLink whose accounts are those of a provider. */
async function superLinkOf(provider: TestProvider, folder: TempDir, jwt = false) {
  const secretFile = `${folder.path}/secret`;
  await Deno.writeTextFile(secretFile, `${CLIENT_SECRET}\n`);
  const superLink = await CurrentSuperLink.start({
    oidcIssuer: provider.issuer,
    oidcClientId: CLIENT_ID,
    oidcClientSecretFile: secretFile,
    oidcRoleClaim: "groups",
    defaultRole: "researcher",
    ...(jwt && { oidcAudience: AUDIENCE }),
  });
  return superLink;
}

const PENDING = new Uint8Array();

Deno.test("a login over HTTP: details, pending, tokens, a call, a refresh", async () => {
  await using provider = await startProvider();
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const begun = await http.call(
    Control.method.getLoginDetails,
    toBinary(GetLoginDetailsRequestSchema, create(GetLoginDetailsRequestSchema)),
  );
  assert.equal(begun.status, 200);
  assert.equal(begun.headers["cache-control"], "no-store");
  assert.equal(begun.headers["pragma"], "no-cache");
  const details = fromBinary(GetLoginDetailsResponseSchema, begun.body);
  assert.equal(details.authnType, "oidc");
  assert.equal(details.interval, 5n, "the provider names no interval");
  assert.ok(details.expiresIn > 500n);

  const ask = toBinary(
    GetAuthTokensRequestSchema,
    create(GetAuthTokensRequestSchema, { deviceCode: details.deviceCode }),
  );
  const pending = await http.call(Control.method.getAuthTokens, ask);
  assert.deepEqual([pending.status, pending.body], [200, PENDING]);
  await provider.confirm(details.verificationUriComplete, "alice");
  const done = await http.call(Control.method.getAuthTokens, ask);
  const tokens = fromBinary(GetAuthTokensResponseSchema, done.body);
  assert.ok(tokens.accessToken !== "" && tokens.refreshToken !== "");
  assert.equal(done.headers["cache-control"], "no-store");

  const list = await http.call(Control.method.listRuns, PENDING, `bEaReR ${tokens.accessToken}`);
  assert.equal(list.status, 200);

  // Flower's client still sends the old access token with a refresh.
  const refreshed = await http.call(
    Control.method.refreshAuthTokens,
    toBinary(
      RefreshAuthTokensRequestSchema,
      create(RefreshAuthTokensRequestSchema, { refreshToken: tokens.refreshToken }),
    ),
    "Bearer expired",
  );
  const pair = fromBinary(RefreshAuthTokensResponseSchema, refreshed.body);
  assert.notEqual(pair.accessToken, tokens.accessToken);
  assert.equal(pair.refreshToken, tokens.refreshToken, "the provider keeps it");

  const refused = await http.call(
    Control.method.refreshAuthTokens,
    toBinary(
      RefreshAuthTokensRequestSchema,
      create(RefreshAuthTokensRequestSchema, { refreshToken: "garbage" }),
    ),
  );
  assert.equal(refused.status, 401);
  assert.equal(refused.headers["www-authenticate"], "Bearer");
  assert.equal(JSON.parse(new TextDecoder().decode(refused.body)).code, 36);
});

Deno.test("a call without a valid token gets exactly what makes Flower's command refresh it", async () => {
  await using provider = await startProvider();
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const { access } = await provider.tokensOf("alice");
  const { access: foreign } = await provider.tokensOf("alice", OTHER_CLIENT_ID);
  const { refresh, id } = await provider.tokensOf("alice");
  for (
    const credentials of [
      undefined,
      "",
      "Bearer",
      "Bearer  ",
      `Basic ${btoa("alice:x")}`,
      "Bearer garbage",
      `Bearer ${access} ${access}`,
      `Bearer ${access},Bearer ${access}`,
      `Bearer ${foreign}`,
      `Bearer ${refresh}`,
      `Bearer ${id}`,
      `Bearer flwr_${"a".repeat(43)}`,
    ]
  ) {
    const answer = await http.call(Control.method.listRuns, PENDING, credentials);
    assert.equal(answer.status, 401, credentials ?? "none");
    assert.equal(answer.headers["www-authenticate"], "Bearer");
    assert.deepEqual(JSON.parse(new TextDecoder().decode(answer.body)), {
      detail: "Not authenticated",
    });
  }
  const good = await http.call(Control.method.listRuns, PENDING, `Bearer ${access}`);
  assert.equal(good.status, 200);
});

Deno.test("the account is checked before the body is read", async () => {
  await using provider = await startProvider();
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  // The announced body never comes.
  const answer = await http.head(Control.method.startRun, 10_000_000, "Bearer garbage");
  assert.equal(answer, 401);
});

Deno.test("a revoked token is refused, and an outage of the provider is no 401", async () => {
  await using provider = await startProvider();
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const { access: revoked } = await provider.tokensOf("alice");
  const { access } = await provider.tokensOf("alice");
  await provider.revoke(revoked);
  const status = async (token: string) =>
    (await http.call(Control.method.listRuns, PENDING, `Bearer ${token}`)).status;
  assert.equal(await status(revoked), 401);
  provider.breakDown(true);
  assert.equal(await status(access), 503);
  using grpc = openWire("grpc", superLink.control("grpc"), superLink.authority);
  const outcome = await grpc.outcome(Control.method.listRuns, PENDING, [
    ["flwr-oidc-access-token", access],
    ["flwr-oidc-refresh-token", "any"],
  ]);
  assert.equal(outcome, "UNAVAILABLE");
  provider.breakDown(false);
  assert.equal(await status(access), 200, "the outage is not remembered");
  provider.breakDown(true);
  assert.equal(await status(access), 200, "for a minute it needs no provider");
});

Deno.test("over gRPC the SuperLink refreshes tokens itself", async () => {
  await using provider = await startProvider({ rotates: true });
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const { access, refresh } = await provider.tokensOf("alice");
  const channel = superLink.open("grpc", superLink.control("grpc"));
  const call = (access: string, refresh: string) =>
    channel.call(Control.method.listRuns, {}, {
      metadata: () =>
        Promise.resolve({ "flwr-oidc-access-token": access, "flwr-oidc-refresh-token": refresh }),
    });
  const good = await call(access, refresh);
  assert.equal(good.header("flwr-oidc-access-token"), undefined);
  const renewed = await call("expired", refresh);
  const next = renewed.header("flwr-oidc-access-token");
  assert.ok(next !== undefined && next !== access);
  const rotated = renewed.header("flwr-oidc-refresh-token");
  assert.ok(rotated !== undefined && rotated !== refresh);
  assert.equal((await call(next, rotated)).header("flwr-oidc-access-token"), undefined);
  await assert.rejects(call("expired", "garbage"), {
    code: "unauthenticated",
    message: "Access denied",
  });
});

Deno.test("JWTs: forged, foreign and expired ones are refused", async () => {
  await using provider = await startProvider({ jwt: true });
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder, true);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const status = async (token: string) =>
    (await http.call(Control.method.listRuns, PENDING, `Bearer ${token}`)).status;
  const { access } = await provider.tokensOf("alice");
  assert.equal(await status(access), 200);
  const asked = provider.requests.length;
  const [head, body, signature] = access.split(".") as [string, string, string];
  const part = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    });
  const claims = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(body, { alphabet: "base64url" })),
  );
  const header = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(head, { alphabet: "base64url" })),
  );
  assert.equal(await status(`${part({ ...header, alg: "none" })}.${body}.`), 401, "alg none");
  assert.equal(await status(`${head}.${part({ ...claims, sub: "admin" })}.${signature}`), 401);
  // The public key as the secret of an HMAC.
  const keys = await (await fetch(`${provider.issuer}/jwks`)).text();
  const secret = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(keys),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const signed = `${part({ ...header, alg: "HS256" })}.${body}`;
  const mac = await crypto.subtle.sign("HMAC", secret, new TextEncoder().encode(signed));
  const hmac = new Uint8Array(mac).toBase64({ alphabet: "base64url", omitPadding: true });
  assert.equal(await status(`${signed}.${hmac}`), 401, "HS256");
  // A key of the attacker's, under the provider's key id and under an unknown one.
  const own = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign"],
  ) as CryptoKeyPair;
  for (const kid of [header.kid, "unknown"]) {
    const text = `${part({ ...header, kid })}.${body}`;
    const bytes = await crypto.subtle.sign(
      "RSASSA-PKCS1-v1_5",
      own.privateKey,
      new TextEncoder().encode(text),
    );
    const by = new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
    assert.equal(await status(`${text}.${by}`), 401, kid);
  }
  // The test's own request and at most one for the unknown key.
  assert.ok(provider.requests.length - asked <= 2);
});

Deno.test("a JWT for another audience is refused", async () => {
  await using provider = await startProvider({ jwt: true });
  await using folder = await TempDir.make();
  // Its audience is the client id.
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const { access } = await provider.tokensOf("alice");
  const { status } = await http.call(Control.method.listRuns, PENDING, `Bearer ${access}`);
  assert.equal(status, 401);
});

Deno.test("strangers cause few questions to the provider", async () => {
  await using provider = await startProvider();
  await using folder = await TempDir.make();
  await using superLink = await superLinkOf(provider, folder);
  const http = new HttpCaller(superLink.control("http"), superLink.authority);
  const { access } = await provider.tokensOf("alice");
  const status = async (token: string) =>
    (await http.call(Control.method.listRuns, PENDING, `Bearer ${token}`)).status;
  assert.equal(await status(access), 200);
  const before = provider.requests.length;
  const began = systemClock.now();
  const outcomes = await Promise.all(Array.from({ length: 200 }, (_, nth) => status(`bad-${nth}`)));
  const most = 40 + 2 * Math.ceil(systemClock.now() - began + 1);
  assert.ok(provider.requests.length - before <= most, `${provider.requests.length - before}`);
  assert.ok(outcomes.includes(429));
  assert.equal(await status(access), 200, "a known token needs no question");
});
