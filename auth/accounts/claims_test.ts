import assert from "node:assert/strict";
import { identityOf, textsOf } from "./claims.ts";

Deno.test("claims: the name is a claim for people, else the subject", () => {
  const sub = "1";
  assert.deepEqual(identityOf({ sub }), { id: "1", name: "1" });
  assert.deepEqual(identityOf({ sub, email: "a@b", username: "a" }), { id: "1", name: "a" });
  assert.deepEqual(identityOf({ sub, preferred_username: "b", given: "A" }, "given"), {
    id: "1",
    name: "A",
  });
  assert.deepEqual(identityOf({ sub, preferred_username: 5, email: "a@b", email_verified: true }), {
    id: "1",
    name: "a@b",
  });
});

Deno.test("claims: text that would change a terminal is no name, and no subject", () => {
  for (const text of ["", "a\nb", "\x1b[31m", "a\u202eb", "x".repeat(257)]) {
    assert.deepEqual(identityOf({ sub: "1", preferred_username: text }), { id: "1", name: "1" });
    assert.equal(identityOf({ sub: text }), undefined);
  }
  assert.equal(identityOf({ sub: 1 }), undefined);
  assert.equal(identityOf({}), undefined);
});

Deno.test("claims: roles are texts or lists of texts, also nested ones", () => {
  assert.deepEqual(textsOf({ roles: "a" }, "roles"), ["a"]);
  assert.deepEqual(textsOf({ realm_access: { roles: ["a", 1, "b"] } }, "realm_access.roles"), [
    "a",
    "b",
  ]);
  // Auth0 and others name their claims by URLs.
  assert.deepEqual(textsOf({ "https://a.example/roles": ["a"] }, "https://a.example/roles"), ["a"]);
  for (const path of ["no", "roles.no", "__proto__", "roles.length", "constructor.name"]) {
    assert.deepEqual(textsOf({ roles: ["a"] }, path), [], path);
  }
});
