import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { TokenCheck, type TokenCheckOptions } from "./token_check.ts";

/** A check of opaque tokens: those that begin with "good" are valid until `exp`. */
function setUp(options: TokenCheckOptions = {}, exp?: number) {
  const clock = new FakeClock(1000);
  const asked: string[] = [];
  const gate = Promise.withResolvers<void>();
  let waits = false;
  const check = new TokenCheck({
    jwt: () => Promise.resolve(undefined),
    async opaque(token) {
      asked.push(token);
      if (waits) await gate.promise;
      return token.startsWith("good")
        ? { sub: token, ...(exp !== undefined && { exp }) }
        : undefined;
    },
  }, { clock, ...options });
  return { check, clock, asked, gate, wait: () => waits = true };
}

Deno.test("TokenCheck: results are used again for a minute, those of refused tokens, too", async () => {
  const { check, clock, asked } = setUp();
  for (let nth = 0; nth < 3; nth++) {
    assert.equal((await check.check("good", "h")).sub, "good");
    await assert.rejects(check.check("bad", "h"), { code: "unauthenticated" });
  }
  assert.deepEqual(asked, ["good", "bad"]);
  await clock.advance(60);
  await check.check("good", "h");
  await assert.rejects(check.check("bad", "h"), { code: "unauthenticated" });
  assert.equal(asked.length, 4);
});

Deno.test("TokenCheck: a result is not used beyond the token's expiry", async () => {
  const { check, clock, asked } = setUp({}, 1010);
  await check.check("good", "h");
  await clock.advance(11);
  await check.check("good", "h");
  assert.equal(asked.length, 2);
});

Deno.test("TokenCheck: limits questions per address and in all, and asks once for one token", async () => {
  const { check, asked, gate, wait } = setUp({ burst: 2, perSecond: 0.001, maxInFlight: 3 });
  wait();
  const same = [check.check("good", "a"), check.check("good", "b"), check.check("good", "c")];
  const other = check.check("good-2", "a");
  await assert.rejects(check.check("good-3", "a"), { code: "resource-exhausted" });
  const third = check.check("good-4", "b");
  await assert.rejects(check.check("good-5", "c"), { code: "resource-exhausted" });
  gate.resolve();
  await Promise.all([...same, other, third]);
  assert.deepEqual(asked, ["good", "good-2", "good-4"]);
  await check.check("good-5", "d");
});

Deno.test("TokenCheck: a flood of refused tokens forgets no accepted one", async () => {
  const { check, asked } = setUp({ capacity: 3, burst: 1000 });
  await check.check("good", "h");
  for (let nth = 0; nth < 10; nth++) await check.check(`bad-${nth}`, "h").catch(() => {});
  const before = asked.length;
  await check.check("good", "h");
  assert.equal(asked.length, before);
});

Deno.test("TokenCheck: text that cannot be a token is refused without a question", async () => {
  const { check, asked } = setUp();
  for (const text of ["", "a b", "ä", "a\n", "x".repeat(8193)]) {
    await assert.rejects(check.check(text, "h"), { code: "unauthenticated" });
  }
  assert.deepEqual(asked, []);
});
