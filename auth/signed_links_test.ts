import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { LINK_KEY_BYTES, SignedLinks } from "./signed_links.ts";

const [KEY, OTHER] = [new Uint8Array(LINK_KEY_BYTES).fill(1), new Uint8Array(LINK_KEY_BYTES)];
const RUN_ID = 2n ** 64n - 2n;

Deno.test("a link is accepted wherever the key is known, until it expires", async () => {
  const clock = new FakeClock();
  const token = new SignedLinks(KEY, clock, 600).issue(RUN_ID);
  const twin = new SignedLinks(KEY, clock, 600);
  assert.equal(twin.runOf(token), RUN_ID);
  assert.equal(new SignedLinks(OTHER, clock, 600).runOf(token), undefined);
  await clock.advance(599.5);
  assert.equal(twin.runOf(token), RUN_ID);
  await clock.advance(1.5);
  assert.equal(twin.runOf(token), undefined);
});

Deno.test("a link with any digit changed, or of another form, is not accepted", () => {
  const links = new SignedLinks(KEY, new FakeClock(), 600);
  const token = links.issue(RUN_ID);
  for (let place = 0; place < token.length; place++) {
    const digit = token[place] === "0" ? "1" : "0";
    const changed = token.slice(0, place) + digit + token.slice(place + 1);
    assert.equal(links.runOf(changed), undefined, `digit ${place}`);
  }
  for (const other of ["", token.slice(2), `${token}00`, token.toUpperCase(), "g".repeat(96)]) {
    assert.equal(links.runOf(other), undefined, other);
  }
});

Deno.test("a key of another length is refused", () => {
  assert.throws(() => new SignedLinks(KEY.subarray(1), new FakeClock(), 600), TypeError);
});
