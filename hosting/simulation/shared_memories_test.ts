import assert from "node:assert/strict";
import {
  type GivenMemory,
  sharedData,
  type SharedMemory,
  sharingMemory,
} from "../../base/shared_memory.ts";
import { PortMemory } from "../sandbox/wire/port_memory.ts";
import { type MemoryUser, SharedMemories } from "./shared_memories.ts";

/** A thread that shares memory with others, without its port. */
class Thread implements MemoryUser, SharedMemory {
  readonly #memories: SharedMemories;
  #given: ((given: GivenMemory) => void) | undefined;

  constructor(memories: SharedMemories) {
    this.#memories = memories;
  }

  give(_key: string, given: GivenMemory): void {
    const take = this.#given;
    this.#given = undefined;
    take?.(given);
  }

  ask(key: string, bytes: number): Promise<GivenMemory> {
    return new Promise((resolve) => {
      this.#given = resolve;
      this.#memories.ask(this, key, bytes);
    });
  }

  filled(key: string, isFilled: boolean): void {
    this.#memories.filled(this, key, isFilled);
  }

  data(fill: (data: Uint8Array) => Promise<void>, key = "key") {
    return sharingMemory(this, () => sharedData(key, 3, fill));
  }
}

function threads(count: number) {
  const memories = new SharedMemories();
  return { memories, threads: Array.from({ length: count }, () => new Thread(memories)) };
}

const right = (data: Uint8Array) => (data.set([1, 2, 3]), Promise.resolve());

Deno.test("threads share data that the first one writes, and the others wait for it", async () => {
  const { threads: all } = threads(3);
  const write = Promise.withResolvers<void>();
  let fills = 0;
  const got = Promise.all(all.map((thread) =>
    thread.data(async (data) => {
      fills++;
      await write.promise;
      await right(data);
    })
  ));
  write.resolve();
  const [first, ...others] = await got;
  assert.deepEqual([...new Uint8Array(first!)], [1, 2, 3]);
  for (const other of others) assert.equal(other, first);
  assert.equal(await all[2]!.data(right), first);
  assert.notEqual(await all[2]!.data(right, "another"), first);
  assert.equal(fills, 1);
  assert.equal(await sharedData("key", 3, right), undefined, "outside of a simulation");
});

Deno.test("if the thread that writes data fails or ends, another one writes them", async () => {
  const { memories, threads: [first, second, third, fourth] } = threads(4);
  const failing = first!.data(() => Promise.reject(new Error("damaged")));
  const ending = second!.data(() => new Promise(() => {}));
  const waiting = third!.data(right);
  await assert.rejects(failing, /damaged/);
  memories.ended(second!);
  const data = await waiting;
  assert.deepEqual([...new Uint8Array(data!)], [1, 2, 3]);
  memories.ended(third!); // What it has written stays.
  assert.equal(await fourth!.data(right), data);
  assert.ok(ending instanceof Promise);
});

Deno.test("a thread that asks for the same data twice at once writes them once", async () => {
  const { memories } = threads(0);
  const given: GivenMemory[] = [];
  const port = new PortMemory((event) => {
    if (event.kind === "ask-memory") memories.ask(user, event.key, event.bytes);
    if (event.kind === "filled-memory") memories.filled(user, event.key, event.isFilled);
  });
  const user: MemoryUser = {
    give(key, memory) {
      given.push(memory);
      queueMicrotask(() => port.given(key, memory));
    },
  };
  let fills = 0;
  const get = () =>
    sharingMemory(port, () => sharedData("key", 3, (data) => (fills++, right(data))));
  const [one, two, three] = await Promise.all([get(), get(), get()]);
  assert.deepEqual([...new Uint8Array(one!)], [1, 2, 3]);
  assert.ok(two === one && three === one);
  assert.equal(fills, 1);
  assert.deepEqual(given.map(({ fills }) => fills), [true, false]);
});

Deno.test("data for which there is not enough memory are not shared", async () => {
  const { threads: [thread] } = threads(1);
  const given = await thread!.ask("key", 2 ** 52);
  assert.deepEqual(given, { memory: undefined, fills: true });
});
