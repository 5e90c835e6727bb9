import assert from "node:assert/strict";
import { SessionWatch } from "./session_watch.ts";

function watched() {
  const present = new Set<bigint>();
  let own: object | undefined = {};
  const watch = new SessionWatch({
    announce() {},
    look() {
      if (own === undefined) return Promise.reject(new Error("away"));
      return Promise.resolve({ own, serverIds: new Set(present) });
    },
  });
  return { watch, present, replace: (session: object | undefined) => own = session };
}

Deno.test("a session that is gone for three looks has ended, and no other", async () => {
  const { watch, present } = watched();
  present.add(1n).add(2n);
  assert.equal(await watch.look(), false);
  present.delete(1n);
  assert.deepEqual([await watch.look(), await watch.look()], [false, false]);
  assert.equal(watch.hasEnded(1n), false);
  assert.equal(await watch.look(), true);
  assert.deepEqual([1n, 2n, 3n].map((id) => watch.hasEnded(id)), [true, false, false]);
  // It was only lost, and is replaced.
  present.add(1n);
  assert.equal(await watch.look(), false);
  assert.equal(watch.hasEnded(1n), false);
});

Deno.test("a session that comes back within three looks has not ended", async () => {
  const { watch, present } = watched();
  for (let time = 0; time < 4; time++) {
    present.add(1n);
    await watch.look();
    present.delete(1n);
    assert.deepEqual([await watch.look(), await watch.look()], [false, false]);
  }
});

Deno.test("a watch whose own session is replaced begins anew", async () => {
  for (const between of [undefined, {}]) {
    const { watch, present, replace } = watched();
    present.add(1n);
    await watch.look();
    present.delete(1n);
    for (let look = 0; look < 3; look++) await watch.look();
    assert.equal(watch.hasEnded(1n), true);
    replace(between);
    assert.equal(await watch.look(), false);
    assert.equal(watch.hasEnded(1n), false);
    replace({});
    for (let look = 0; look < 5; look++) assert.equal(await watch.look(), false);
  }
});

Deno.test("an ended session is forgotten", async () => {
  const { watch, present } = watched();
  present.add(1n);
  await watch.look();
  present.delete(1n);
  for (let look = 0; look < 200; look++) await watch.look();
  assert.equal(await watch.look(), false);
});
