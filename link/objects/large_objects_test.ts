import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import { LargeObjects } from "./large_objects.ts";
import type { ObjectStore } from "./object_store.ts";

const OBJECT = { id: "a".repeat(64), bytes: new Uint8Array(8), children: [] };
const PLACES = new Map([["a", { location: `${OBJECT.id}.0123456789abcdef`, size: 8 }]]);

/** Large objects in a store that fails as it is told, and the kinds of the events. */
function stage() {
  const clock = new FakeClock();
  const kinds: string[] = [];
  const failures = new Map<keyof ObjectStore, FlwrError>();
  const answer = <T>(operation: keyof ObjectStore, result: T) => () => {
    const failure = failures.get(operation);
    return failure === undefined ? Promise.resolve(result) : Promise.reject(failure);
  };
  const store: ObjectStore = {
    address: "memory",
    put: answer("put", undefined),
    get: answer("get", OBJECT.bytes),
    remove: answer("remove", undefined),
    list: answer("list", { found: [] }),
    owner: answer("owner", "one"),
    close() {},
  };
  const large = new LargeObjects({
    store,
    from: 1,
    clock,
    random: seededRandom(1),
    onEvent: ({ kind }) => kinds.push(kind),
  });
  return { clock, kinds, failures, large };
}

const full = new FlwrError("unavailable", "The disk is full");

Deno.test("a store that is full has not recovered because it can be read", async () => {
  const { kinds, failures, large } = stage();
  failures.set("put", full);
  for (let time = 0; time < 3; time++) {
    await assert.rejects(large.put([OBJECT]), { code: "unavailable" });
    assert.equal((await large.read(PLACES)).size, 1);
  }
  assert.deepEqual(kinds, ["object-store-failed"]);
  failures.clear();
  await large.put([OBJECT]);
  assert.deepEqual(kinds, ["object-store-failed", "object-store-recovered"]);
});

Deno.test("a store that fails and works in turns is reported once a minute", async () => {
  const { clock, kinds, failures, large } = stage();
  for (let second = 0; second < 130; second++) {
    failures.set("put", full);
    await assert.rejects(large.put([OBJECT]), { code: "unavailable" });
    failures.clear();
    await large.put([OBJECT]);
    await clock.advance(1);
  }
  assert.equal(kinds.filter((kind) => kind === "object-store-failed").length, 3);
  assert.equal(kinds.filter((kind) => kind === "object-store-recovered").length, 3);
});

Deno.test("damaged bytes are no failure of the store, and do not recover", async () => {
  const { kinds, failures, large } = stage();
  failures.set("get", new FlwrError("data-loss", "An object is damaged"));
  for (let time = 0; time < 3; time++) {
    await assert.rejects(large.read(PLACES), { code: "data-loss" });
    await large.put([OBJECT]);
  }
  assert.deepEqual(kinds, ["object-damaged"]);
});
