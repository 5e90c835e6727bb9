import assert from "node:assert/strict";
import type { LinkObject } from "../../../../entities/object.ts";
import { MAX_HELD_OBJECTS } from "../limits.ts";
import { KEPT_SECONDS, KeptObjects, MAX_KEPT_BYTES } from "./kept_objects.ts";

const object = (id: string, children: readonly string[] = [], length = 1): LinkObject => ({
  id,
  children,
  bytes: new Uint8Array(length),
});

/** Creates the objects of a message with records of one array each. */
const objects = (records: number, length = 1): Map<string, LinkObject> => {
  const names = Array.from({ length: records }, (_, place) => `record ${place}`);
  const all = [
    object("message", ["dict"]),
    object("dict", names),
    ...names.map((name) => object(name, [`array of ${name}`])),
    ...names.map((name) => object(`array of ${name}`, [], length)),
  ];
  return new Map(all.map((one) => [one.id, one]));
};

Deno.test("kept objects: those of the last message, and its records by name", () => {
  const kept = new KeptObjects();
  assert.deepEqual([kept.holds, kept.has("message")], [[], false]);
  kept.keep("message", objects(2), 0);
  assert.deepEqual(kept.holds, ["record 0", "record 1"]);
  assert.ok(kept.has("array of record 1") && kept.get("dict") !== undefined);
  kept.keep("message", objects(1), 0);
  assert.deepEqual([kept.holds, kept.has("record 1")], [["record 0"], false]);
});

Deno.test("kept objects: no more records are named than a SuperLink accepts, and large messages are not cached", () => {
  const kept = new KeptObjects();
  kept.keep("message", objects(MAX_HELD_OBJECTS + 5), 0);
  assert.equal(kept.holds.length, MAX_HELD_OBJECTS);
  kept.keep("message", objects(1, MAX_KEPT_BYTES), 0);
  assert.deepEqual([kept.holds, kept.has("message")], [[], false]);
});

Deno.test("kept objects: they expire if no other message arrives", () => {
  const kept = new KeptObjects();
  kept.keep("message", objects(1), 1000);
  kept.expire(1000 + KEPT_SECONDS - 1);
  assert.ok(kept.has("message"));
  kept.expire(1000 + KEPT_SECONDS);
  assert.deepEqual([kept.holds, kept.has("message")], [[], false]);
});
