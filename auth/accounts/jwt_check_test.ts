import assert from "node:assert/strict";
import * as jose from "jose";
import { CLOCK_SKEW_SECONDS, isJwt, JwtCheck } from "./jwt_check.ts";
import type { Provider } from "./provider.ts";

const ISSUER = "https://login.example/";
const AUDIENCE = "superlink";
const NOW = 1_800_000_000;

/** A check whose keys come from memory, and a signer of tokens. */
async function setUp() {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
  const keys = { keys: [{ ...await jose.exportJWK(publicKey), kid: "1", alg: "ES256" }] };
  let status = 200;
  const provider = {
    signer: () => Promise.resolve({ issuer: ISSUER, keys: new URL("https://login.example/keys") }),
    fetch: () => Promise.resolve(Response.json(keys, { status })),
  } as unknown as Provider;
  const check = new JwtCheck({
    issuer: new URL(ISSUER),
    clientId: "c",
    audience: AUDIENCE,
    scope: "",
  }, provider);
  const sign = (claims: jose.JWTPayload, header: Partial<jose.JWTHeaderParameters> = {}) =>
    new jose.SignJWT({
      iss: ISSUER,
      aud: AUDIENCE,
      sub: "alice",
      exp: NOW + 100,
      scope: "openid",
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", kid: "1", ...header }).sign(privateKey);
  return { check, sign, fail: () => status = 500 };
}

Deno.test("JwtCheck: accepts an access token until it has expired, with some skew", async () => {
  const { check, sign } = await setUp();
  const token = await sign({});
  assert.ok(isJwt(token));
  assert.equal((await check.check(token, NOW))?.sub, "alice");
  assert.equal((await check.check(token, NOW + 100 + CLOCK_SKEW_SECONDS - 1))?.sub, "alice");
  assert.equal(await check.check(token, NOW + 100 + CLOCK_SKEW_SECONDS + 1), undefined);
  assert.equal(await check.check(await sign({ nbf: NOW + 100 }), NOW), undefined);
});

Deno.test("JwtCheck: refuses tokens of others, and other kinds of tokens", async () => {
  const { check, sign } = await setUp();
  const refused: Record<string, [jose.JWTPayload, Partial<jose.JWTHeaderParameters>?]> = {
    issuer: [{ iss: "https://login.example.org/" }],
    audience: [{ aud: ["other"] }],
    "no audience": [{ aud: undefined }],
    "no expiry": [{ exp: undefined }],
    "no subject": [{ sub: undefined }],
    "ID token": [{ scope: undefined }],
    "ID token with a hash": [{ at_hash: "x" }],
    "ID token of Keycloak": [{ typ: "ID" }],
    "logout token": [{ events: {} }],
    "bound to a key": [{ cnf: { jkt: "x" } }],
    "another type": [{}, { typ: "logout+jwt" }],
    "critical extension": [{}, { crit: ["exp"], exp: 1 }],
  };
  for (const [name, [claims, header]] of Object.entries(refused)) {
    const token = await sign(claims, header).catch(() => undefined);
    if (token !== undefined) assert.equal(await check.check(token, NOW), undefined, name);
  }
  assert.ok(await check.check(await sign({ aud: ["other", AUDIENCE] }), NOW));
  assert.ok(await check.check(await sign({ typ: "Bearer", scope: undefined }), NOW));
  assert.ok(await check.check(await sign({ scope: undefined }, { typ: "at+jwt" }), NOW));
});

Deno.test("JwtCheck: keys that cannot be fetched are no fault of the token", async () => {
  const { check, sign, fail } = await setUp();
  fail();
  await assert.rejects(check.check(await sign({}), NOW), { code: "unavailable" });
});
