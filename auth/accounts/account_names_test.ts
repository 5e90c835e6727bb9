import assert from "node:assert/strict";
import { identityOf } from "./claims.ts";

Deno.test("an address that the provider has not verified is no name", () => {
  const sub = "17";
  const email = "admin@example.org";
  for (const nameClaim of [undefined, "email"]) {
    for (const email_verified of [undefined, false, "true"]) {
      assert.equal(identityOf({ sub, email, email_verified }, nameClaim)?.name, sub);
    }
    assert.equal(identityOf({ sub, email, email_verified: true }, nameClaim)?.name, email);
  }
});

Deno.test("a name that hides something is not used, nor an account without a plain subject", () => {
  assert.equal(identityOf({ sub: "17", preferred_username: "ali\u202ece" })?.name, "17");
  for (const sub of [undefined, 17, "", "a\n", "x".repeat(300)]) {
    assert.equal(identityOf({ sub }), undefined);
  }
});
