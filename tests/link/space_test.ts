import assert from "node:assert/strict";
import { join } from "node:path";
import type { LinkObject } from "../../entities/object.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import { BY_HAND } from "../../link/testing/records.ts";
import { Bench } from "./harness.ts";

const MIB = 2 ** 20;
/** Spare space, and space for tables, indices and the last unfinished step. */
const LARGEST = (64 + 8) * MIB;

/** A model of 8 MiB, in eight arrays. */
function model(name: string): { root: LinkObject; objects: LinkObject[] } {
  const arrays = Array.from({ length: 8 }, (_, index): LinkObject => ({
    id: `${name}, array ${index}`,
    bytes: new Uint8Array(MIB).fill(index),
    children: [],
  }));
  const root: LinkObject = {
    id: name,
    bytes: new Uint8Array(1),
    children: arrays.map(({ id }) => id),
  };
  return { root, objects: [...arrays, root] };
}

Deno.test("the database file is small again after many runs with large models", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "link.db");
  const bench = new Bench({ open: () => new SqliteStore(path) }, {});
  await bench.start();
  try {
    const nodeId = await bench.node(1800, new Uint8Array([1]));
    const send = async (name: string) => {
      const { root, objects } = model(name);
      const message = bench.instruction(nodeId, { content: root.id, ttl: 86_400 });
      assert.equal(await bench.refusalOf(message, objects), undefined);
      return message;
    };
    const kept = await send("the model of a run that goes on");
    const runs = [];
    for (let count = 0; count < 20; count++) {
      const { run: { runId } } = await bench.link.runs.start(BY_HAND);
      bench.runId = runId;
      await send(`model ${count}`);
      runs.push(runId);
    }
    assert.ok(Deno.statSync(path).size > 160 * MIB);
    for (const runId of runs) await bench.link.runs.stop(runId);
    await bench.pass(200, 200);
    const file = Deno.statSync(path).size;
    assert.ok(file <= LARGEST, `${file / MIB} MiB`);
    assert.ok(Deno.statSync(`${path}-wal`).size <= 8 * MIB);
    const tree = await bench.stored(kept.messageId);
    assert.deepEqual(
      tree.slice(0, 8).map(({ bytes }) => bytes),
      model("").objects.slice(0, 8).map(({ bytes }) => bytes),
    );
  } finally {
    await bench.link.close();
    await Deno.remove(folder, { recursive: true });
  }
});
