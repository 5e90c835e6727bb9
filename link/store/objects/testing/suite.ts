import assert from "node:assert/strict";
import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import {
  type FoundLocation,
  type Location,
  newLocation,
  type ObjectStore,
} from "../../../objects/object_store.ts";

/** An object store under test, and a way around it. */
export interface ObjectStoreBench {
  readonly store: ObjectStore;
  /** A second one on the same place, as of another SuperLink. */
  readonly twin: ObjectStore;
  /** Replaces the bytes at a location. */
  overwrite(location: Location, bytes: Uint8Array): Promise<void>;
  /** Adds something that is not ours, with this name. */
  addForeign(name: string): Promise<void>;
}

/** Bytes that no compression makes smaller, and their first location. */
export function someObject(length: number): { bytes: Uint8Array; location: Location } {
  const bytes = new Uint8Array(length);
  for (let from = 0; from < length; from += 65_536) {
    crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  }
  return { bytes, location: newLocation(sha256Hex(bytes), 1n) };
}

/** Registers the tests of a kind of object store. */
export function objectStoreSuite(
  kind: string,
  register: (name: string, body: (bench: ObjectStoreBench) => Promise<void>) => void,
): void {
  const test = (name: string, body: (bench: ObjectStoreBench) => Promise<void>) =>
    register(`${name} (${kind})`, body);

  test("objects are read as they were written, from empty to large", async ({ store, twin }) => {
    for (const length of [0, 1, 100_000, 9_000_000]) {
      const { bytes, location } = someObject(length);
      assert.equal(await store.get(location, length), undefined);
      await store.put(location, bytes);
      assert.deepEqual(await twin.get(location, length), bytes);
    }
  });

  test("bytes that are not the object's are not stored", async ({ store }) => {
    const { bytes, location } = someObject(5_000_000);
    bytes[4_999_999]! ^= 1;
    await assert.rejects(() => store.put(location, bytes), hasCode("data-loss"));
    assert.equal(await store.get(location, bytes.length), undefined);
    assert.deepEqual(await all(store), []);
  });

  test("a damaged object is refused", async ({ store, overwrite }) => {
    const { bytes, location } = someObject(5_000_000);
    await store.put(location, bytes);
    const damaged = bytes.slice();
    damaged[2_500_000]! ^= 1;
    for (const other of [damaged, bytes.subarray(1), new Uint8Array([...bytes.subarray(0, 10)])]) {
      await overwrite(location, other);
      await assert.rejects(() => store.get(location, bytes.length), hasCode("data-loss"));
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    await overwrite(location, longer);
    await assert.rejects(() => store.get(location, bytes.length), hasCode("data-loss"));
    await overwrite(location, bytes);
    assert.deepEqual(await store.get(location, bytes.length), bytes);
  });

  test("removed objects are gone, and those that never were do no harm", async ({ store }) => {
    const [first, second] = [someObject(10), someObject(10)];
    await store.put(first.location, first.bytes);
    await store.put(second.location, second.bytes);
    await store.remove([first.location, someObject(1).location]);
    await store.remove([first.location]);
    assert.equal(await store.get(first.location, 10), undefined);
    assert.deepEqual(await store.get(second.location, 10), second.bytes);
    await store.remove([]);
  });

  test("one object has as many places as it was stored times", async ({ store, twin }) => {
    const { bytes, location } = someObject(1000);
    const other = newLocation(sha256Hex(bytes), 2n);
    await Promise.all([store.put(location, bytes), twin.put(other, bytes)]);
    await twin.remove([location]);
    assert.equal(await store.get(location, 1000), undefined);
    assert.deepEqual(await store.get(other, 1000), bytes);
  });

  test("a list has all objects with their age, and nothing else", async ({ store, addForeign }) => {
    const locations = new Set<Location>();
    for (let nth = 0; nth < 12; nth++) {
      const { bytes, location } = someObject(10);
      await store.put(location, bytes);
      locations.add(location);
    }
    await addForeign("notes.txt");
    const found = await all(store);
    assert.deepEqual(new Set(found.map(({ location }) => location)), locations);
    assert.equal(found.length, locations.size);
    for (const { age } of found) assert.ok(age > -5 && age < 60, `age ${age}`);
  });

  test("a store belongs to the first database that asks", async ({ store, twin }) => {
    assert.equal(await store.owner(), undefined);
    const [first, second] = await Promise.all([store.owner("one"), twin.owner("two")]);
    assert.ok(first === "one" || first === "two");
    assert.equal(second, first);
    assert.equal(await twin.owner("three"), first);
    assert.equal(await store.owner(), first);
  });
}

/** All pages of a list. */
export async function all(store: ObjectStore): Promise<FoundLocation[]> {
  const found: FoundLocation[] = [];
  let after = "";
  do {
    const page = await store.list(after);
    found.push(...page.found);
    after = page.next ?? "";
  } while (after !== "");
  return found;
}

export function hasCode(code: FlwrError["code"]): (error: unknown) => boolean {
  return (error) => error instanceof FlwrError && error.code === code;
}
