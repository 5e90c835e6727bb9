import assert from "node:assert/strict";
import type { LinkObject } from "../../../entities/object.ts";
import { postgresTest } from "../../../tests/support/postgres.ts";
import { PostgresStore } from "./postgres_store.ts";

const NONE = { references: 0, waits: 0 };
const add = (store: PostgresStore, objects: readonly LinkObject[]) =>
  store.transaction(
    "relaxed",
    (tx) => tx.objects.addAll(objects.map((object) => ({ object, counters: NONE }))),
  );

postgresTest("objects of many sizes are read by another SuperLink as they were", async (target) => {
  const [store, other] = [await PostgresStore.open(target), await PostgresStore.open(target)];
  try {
    // More than one statement takes, and more than one page.
    const sizes = [0, 1, 7000, 9000, 3_000_000, 3_000_000, 3_000_000, 3];
    const objects = sizes.map((size, nth): LinkObject => ({
      id: `object "${nth}" \\`,
      bytes: new Uint8Array(size).fill(nth + 1, size / 2),
      children: nth === 1 ? ["a", "b", "a"] : [],
    }));
    await add(store, objects);
    for (const each of [store, other]) {
      const read = await each.transaction(
        "read-only",
        (tx) => tx.objects.bytesOf([...objects.map(({ id }) => id), "missing"]),
      );
      assert.equal(read.size, objects.length);
      for (const { id, bytes } of objects) assert.equal(read.get(id)?.toHex(), bytes.toHex());
    }
    const first = await other.transaction("read-only", (tx) => tx.objects.get(objects[1]!.id));
    assert.deepEqual(first, { ...objects[1], children: ["a", "b"] });
  } finally {
    await store.close();
    await other.close();
  }
});

postgresTest("an object that another SuperLink removed is not read from memory", async (target) => {
  const [store, other] = [await PostgresStore.open(target), await PostgresStore.open(target)];
  try {
    const object = { id: "a", bytes: new Uint8Array([1, 2]), children: ["b"] };
    await add(store, [object]);
    const read = () => store.transaction("read-only", (tx) => tx.objects.get("a"));
    assert.deepEqual(await read(), object);
    await other.transaction("relaxed", (tx) => tx.objects.removeAll(["a"]));
    assert.equal(await read(), undefined);
    assert.equal((await store.usage()).objectChildren, 0);
    // Nothing of it is left that the next one would meet.
    await add(other, [object]);
    assert.deepEqual(await read(), object);
    await store.transaction("relaxed", (tx) => tx.objects.removeAll(["a"]));
    assert.deepEqual((await store.usage()).objects, 0);
    // Nor in the transaction that removed it.
    await add(store, [object]);
    const sizes = await store.transaction("relaxed", async (tx) => {
      const before = await tx.objects.sizes(["a", "c"]);
      await tx.objects.removeAll(["a"]);
      assert.equal((await tx.objects.bytesOf(["a"])).size, 0);
      return [before, await tx.objects.sizes(["a"])];
    });
    assert.deepEqual(sizes, [new Map([["a", 2]]), new Map()]);
  } finally {
    await store.close();
    await other.close();
  }
});

postgresTest("an object of a transaction that failed is not read from memory", async (target) => {
  const store = await PostgresStore.open(target);
  try {
    const failed = store.transaction("relaxed", async (tx) => {
      await tx.objects.add({ id: "a", bytes: new Uint8Array(3), children: [] }, NONE);
      throw new Error("refused");
    });
    await assert.rejects(failed, /refused/);
    assert.equal(await store.transaction("read-only", (tx) => tx.objects.bytes("a")), undefined);
  } finally {
    await store.close();
  }
});
