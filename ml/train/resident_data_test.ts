import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { RESIDENT_DATASETS, ResidentData } from "./resident_data.ts";

const numbers = (...values: number[]) =>
  tensor("uint8", [values.length, 1, 1], Uint8Array.from(values));

Deno.test("a tensor is stored once, with its rows flattened", async () => {
  await using engine = await LocalEngine.create(1);
  const data = new ResidentData(engine);
  const x = numbers(1, 2, 3);
  const [name] = await data.store([{ value: x, flat: true }]);
  assert.deepEqual(await data.store([{ value: x, flat: true }]), [name]);
  const [stored] = await engine.read([name!]);
  assert.deepEqual([stored!.shape, [...stored!.data]], [[3, 1], [1, 2, 3]]);
});

Deno.test("the least recently used tensor is removed", async () => {
  await using engine = await LocalEngine.create(1);
  const data = new ResidentData(engine);
  const store = async (value: ReturnType<typeof numbers>) =>
    (await data.store([{ value, flat: false }]))[0]!;
  const [first, second] = [numbers(1), numbers(2)];
  const names = [await store(first), await store(second)];
  // An evaluation has inputs and targets, so the limit counts pairs.
  for (let i = 0; i < 2 * RESIDENT_DATASETS - 2; i++) await store(numbers(i));
  assert.equal(await store(first), names[0]);
  await store(numbers(100));
  await assert.rejects(engine.read([names[1]!]), /No tensor is stored/);
  assert.equal((await engine.read([names[0]!])).length, 1);
});

Deno.test("tensors that could not be stored are stored again, and leave nothing behind", async () => {
  await using engine = await LocalEngine.create(1);
  let full = true;
  const names: string[] = [];
  const forgotten: string[] = [];
  const limited = new Proxy(engine, {
    get: (target, method) => {
      if (method === "write") {
        return (tensors: Parameters<typeof target.write>[0]) => {
          names.push(...tensors.map(([name]) => name));
          return full ? Promise.reject(new Error("no room")) : target.write(tensors);
        };
      }
      if (method === "forget") {
        return (gone: readonly string[]) => {
          forgotten.push(...gone);
          return target.forget(gone);
        };
      }
      return Reflect.get(target, method).bind(target);
    },
  });
  const data = new ResidentData(limited);
  const both = [numbers(1, 2), numbers(3)].map((value) => ({ value, flat: false }));
  await assert.rejects(data.store(both), /no room/);
  assert.deepEqual(forgotten, names);
  full = false;
  const stored = await engine.read(await data.store(both));
  assert.deepEqual(stored.map((value) => [...value.data]), [[1, 2], [3]]);
});
