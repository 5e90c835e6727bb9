import assert from "node:assert/strict";
import { settle } from "../base/testing/settle.ts";
import { decodeNpz } from "../tensor/npz.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { ArrayRecord } from "./array_record.ts";
import { type ArtifactContent, RunArtifacts } from "./artifacts.ts";

/** Saves files in memory, each after a turn of the event loop. */
class MemoryArtifacts {
  readonly files = new Map<string, Uint8Array>();
  busy = 0;

  async save(name: string, bytes: Uint8Array): Promise<boolean> {
    assert.equal(this.busy++, 0, "one after the other");
    await settle();
    this.busy--;
    if (name === "refused") throw new Error("no room");
    if (name === "dropped") return false;
    this.files.set(name, bytes);
    return true;
  }
}

function start() {
  const store = new MemoryArtifacts();
  const saved: [string, number | undefined][] = [];
  return { store, saved, artifacts: new RunArtifacts(store, (...call) => saved.push(call)) };
}

Deno.test("artifacts: bytes and strings are saved unchanged, arrays as a .npz with their names", async () => {
  const { store, saved, artifacts } = start();
  assert.equal(await artifacts.save("bytes", new Uint8Array([1, 2])), true);
  await artifacts.save("round-1/text.json", "ü");
  const tensors = new Map<string, Tensor>([
    ["layers.0.weight", tensor("float32", [2, 2], new Float32Array([1, -0, NaN, 4]))],
    ["layers.0.bias", tensor("int64", [1], new BigInt64Array([-5n]))],
  ]);
  await artifacts.save("model.npz", ArrayRecord.fromTensors(tensors));
  assert.deepEqual(store.files.get("bytes"), new Uint8Array([1, 2]));
  assert.deepEqual(store.files.get("round-1/text.json"), new Uint8Array([0xc3, 0xbc]));
  assert.deepEqual(new Map(decodeNpz(store.files.get("model.npz")!)), tensors);
  const size = store.files.get("model.npz")!.length;
  assert.deepEqual(saved, [["bytes", 2], ["round-1/text.json", 2], ["model.npz", size]]);
});

Deno.test("artifacts: invalid names and contents are refused before anything is sent", async () => {
  const { store, artifacts } = start();
  const refused = (name: unknown, content: unknown, message: RegExp) =>
    assert.rejects(artifacts.save(name as string, content as ArtifactContent), {
      code: "invalid-argument",
      message,
    });
  await refused("../model", "x", /"\.\.\/model" is not a plain path/);
  await refused(5, "x", /name must be a string: got number/);
  await refused("a".repeat(300), "x", /longer than 200 characters: 300/);
  await refused(
    "m.json",
    { loss: 1 },
    /must be a Uint8Array, a string or an ArrayRecord: got Object/,
  );
  await refused("m.json", undefined, /got undefined/);
  await refused("model.onnx", new ArrayRecord(), /has arrays, so its name must end in \.npz/);
  assert.equal(store.files.size, 0);
});

Deno.test("artifacts: a failed save does not stop others, and settled waits for all", async () => {
  const { store, saved, artifacts } = start();
  const refused = assert.rejects(artifacts.save("refused", "x"), { message: "no room" });
  void artifacts.save("late", "y");
  await artifacts.settled();
  await refused;
  assert.deepEqual([...store.files.keys()], ["late"]);
  assert.deepEqual(saved, [["late", 1]]);
});

Deno.test("artifacts: if none are stored, save returns false and the log says so", async () => {
  const { saved, artifacts } = start();
  assert.equal(await artifacts.save("dropped", "x"), false);
  assert.deepEqual(saved, [["dropped", undefined]]);
});
