import assert from "node:assert/strict";
import { ConfigRecord } from "../config_record.ts";
import { RecordDict } from "../record_dict.ts";
import { RunCheckpoints } from "./run_checkpoints.ts";
import { MemoryCheckpoints } from "./testing/memory_checkpoints.ts";

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

Deno.test("an app's own checkpoint does not keep a strategy from loading its own", async () => {
  const store = new MemoryCheckpoints();
  await new RunCheckpoints(store).nextStart().save(records(1));
  const run = new RunCheckpoints(store);
  await run.own.save(records(9));
  assert.equal((await run.nextStart().load())?.configRecord("progress").number("round"), 1);
});
