import assert from "node:assert/strict";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { NdArray } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import { RunCheckpoints } from "./run_checkpoints.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

const fail = (error: unknown) => assert.fail(String(error));
const records = (round: number) => new RecordDict({ progress: new ConfigRecord({ round }) });

Deno.test("an app's own checkpoint is the last that it saved, also in the next process", async () => {
  const store = new MemoryCheckpoints();
  const first = new RunCheckpoints(store).own;
  assert.equal(await first.load(), undefined);
  assert.equal(await first.save(records(1)), true);
  // Saved in the order of the calls.
  await Promise.all([first.save(records(2)), first.save(records(3))]);
  const loaded = await new RunCheckpoints(store).own.load();
  assert.equal(loaded!.configRecord("progress").number("round"), 3);
  assert.deepEqual([...store.saved.keys()], ["app"]);
});

Deno.test("an app's own checkpoint must be a RecordDict", async () => {
  const { own } = new RunCheckpoints(new MemoryCheckpoints());
  for (const wrong of [undefined, {}, new ConfigRecord(), new Uint8Array()]) {
    await assert.rejects(own.save(wrong as unknown as RecordDict), { code: "invalid-argument" });
  }
});

/** A store whose writes last until they are released. */
class HeldStore extends MemoryCheckpoints {
  readonly begun: string[] = [];
  #release: (() => void)[] = [];

  override async save(name: string, bytes: Uint8Array): Promise<boolean> {
    this.begun.push(name);
    await new Promise<void>((resolve) => this.#release.push(resolve));
    return await super.save(name, bytes);
  }

  /** Ends the writes in progress. */
  release(): void {
    for (const release of this.#release.splice(0)) release();
  }

  /** Waits until so many writes have begun. */
  async until(begun: number): Promise<void> {
    while (this.begun.length < begun) await new Promise((resolve) => setTimeout(resolve));
  }
}

const roundOf = async (store: MemoryCheckpoints) =>
  (await new RunCheckpoints(store).nextStart().load())?.configRecord("progress").number("round");

Deno.test("a strategy's checkpoints are written one at a time, and the newest replaces those that wait", async () => {
  const store = new HeldStore();
  const run = new RunCheckpoints(store);
  const checkpoint = run.nextStart();
  for (const round of [1, 2, 3]) checkpoint.replace(records(round), fail);
  await store.until(1);
  for (const round of [4, 5]) checkpoint.replace(records(round), fail);
  let isWritten = false;
  const written = run.settled().then(() => isWritten = true);
  assert.equal(store.begun.length, 1);
  store.release();
  await store.until(2);
  assert.equal(isWritten, false);
  store.release();
  await written;
  assert.equal(store.begun.length, 2);
  assert.equal(await roundOf(store), 5);
});

Deno.test("a strategy's checkpoint has the records as they were when it was asked for", async () => {
  const store = new MemoryCheckpoints();
  const checkpoint = new RunCheckpoints(store).nextStart();
  const data = new Uint8Array(4).fill(1);
  const changing = new RecordDict({
    progress: new ConfigRecord({ round: 1 }),
    arrays: new ArrayRecord({ w: new NdArray({ dtype: "", shape: [4], stype: "x", data }) }),
  });
  checkpoint.replace(changing, fail);
  data.fill(2);
  changing.configRecord("progress").set("round", 2);
  await checkpoint.written();
  const saved = (await new RunCheckpoints(store).nextStart().load())!;
  assert.equal(saved.configRecord("progress").number("round"), 1);
  assert.deepEqual([...saved.arrayRecord("arrays").get("w")!.data], [1, 1, 1, 1]);
});

Deno.test("of a large model there is one copy at a time", async () => {
  const store = new HeldStore();
  const checkpoint = new RunCheckpoints(store).nextStart();
  const large = () => {
    const data = new Uint8Array(2 ** 24 + 1);
    const array = new NdArray({ dtype: "", shape: [data.length], stype: "x", data });
    return new RecordDict({ arrays: new ArrayRecord({ w: array }) });
  };
  await checkpoint.replace(large(), fail);
  let isCopied = false;
  const second = Promise.resolve(checkpoint.replace(large(), fail))
    .then(() => isCopied = true);
  await store.until(1);
  assert.equal(isCopied, false);
  store.release();
  await second;
  await store.until(2);
  store.release();
  await checkpoint.written();
});

Deno.test("a strategy's checkpoint that cannot be written is reported, and the next one is tried", async () => {
  class Failing extends MemoryCheckpoints {
    left = 1;
    override async save(name: string, bytes: Uint8Array): Promise<boolean> {
      if (this.left-- > 0) throw new Error("disk full");
      return await super.save(name, bytes);
    }
  }
  const store = new Failing();
  const checkpoint = new RunCheckpoints(store).nextStart();
  const failures: unknown[] = [];
  checkpoint.replace(records(1), (error) => failures.push(error));
  await checkpoint.written();
  assert.equal(failures.length, 1);
  checkpoint.replace(records(2), fail);
  await checkpoint.written();
  assert.equal(await roundOf(store), 2);
});

Deno.test("a store that stores nothing is asked once", async () => {
  const checkpoint = new RunCheckpoints({
    save: () => Promise.resolve(false),
    load: () => Promise.resolve(undefined),
  }).nextStart();
  assert.equal(checkpoint.isStored, true);
  checkpoint.replace(records(1), fail);
  await checkpoint.written();
  assert.equal(checkpoint.isStored, false);
});

Deno.test("an app's own checkpoint does not keep a strategy from loading its own", async () => {
  const store = new MemoryCheckpoints();
  const saved = new RunCheckpoints(store).nextStart();
  saved.replace(records(1), fail);
  await saved.written();
  const run = new RunCheckpoints(store);
  await run.own.save(records(9));
  assert.equal((await run.nextStart().load())?.configRecord("progress").number("round"), 1);
});
