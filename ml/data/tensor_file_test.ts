import { BLOCK_BYTES } from "./tensor_file_layout.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { TensorPlan } from "./tensor_file_layout.ts";
import { type SharedMemory, sharingMemory } from "../../base/shared_memory.ts";
import { type ReadTensorOptions, TensorFile } from "./tensor_file_reader.ts";
import { writeTensorFile } from "./tensor_file_writer.ts";

const ROWS = 2 * BLOCK_BYTES / 1024 + 3;
const PLANS: readonly TensorPlan[] = [
  { name: "images", dtype: "uint8", shape: [ROWS, 1024] },
  { name: "labels", dtype: "int64", shape: [3] },
];
const PIXELS = Uint8Array.from({ length: ROWS * 1024 }, (_, i) => (i * 31) % 251);
const LABELS = new BigInt64Array([5n, -1n, 2n ** 40n]);

async function withFile(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "data");
    await writeTensorFile(path, PLANS, async (write) => {
      await write("labels", 0, new Uint8Array(LABELS.buffer));
      // Out of order and in uneven pieces, as from an archive.
      await write("images", 1000, PIXELS.subarray(1000));
      await write("images", 0, PIXELS.subarray(0, 1000));
    });
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isDamaged = (sentence: RegExp) => (error: unknown) =>
  error instanceof FlwrError && error.code === "data-loss" && sentence.test(error.message);

Deno.test("tensor file: written tensors are read completely or by rows", () =>
  withFile(async (path) => {
    using file = await TensorFile.open(path, PLANS);
    const images = await file.read("images");
    assert.deepEqual(images.shape, [ROWS, 1024]);
    assert.deepEqual(images.data, PIXELS);
    assert(images.data.buffer instanceof SharedArrayBuffer);
    assert.deepEqual((await file.read("labels")).data, LABELS);
    const some = await file.read("images", { rows: 2 });
    assert.deepEqual(some.shape, [2, 1024]);
    assert.deepEqual(some.data, PIXELS.subarray(0, 2048));
    assert.equal(some.data.buffer.byteLength, 2048);
    assert.deepEqual((await file.read("labels", { rows: 99 })).shape, [3]);
    assert.deepEqual((await file.read("labels", { rows: 0 })).shape, [0]);
  }));

Deno.test("tensor file: threads that never change a tensor share it, until the file is another", () =>
  withFile(async (path) => {
    const memories = new Map<string, SharedArrayBuffer>();
    const shared: SharedMemory = {
      ask(key, bytes) {
        const known = memories.get(key);
        const memory = known ?? new SharedArrayBuffer(bytes);
        memories.set(key, memory);
        return Promise.resolve({ memory, fills: known === undefined });
      },
      filled: (key, isFilled) => void (isFilled || memories.delete(key)),
    };
    const read = async (options: ReadTensorOptions) => {
      using file = await TensorFile.open(path, PLANS);
      return await sharingMemory(shared, () => file.read("images", options));
    };
    const first = await read({ readOnly: true });
    assert.deepEqual(first.data, PIXELS);
    assert.equal((await read({ readOnly: true })).data.buffer, first.data.buffer);
    assert.notEqual((await read({})).data.buffer, first.data.buffer);
    assert.notEqual((await read({ readOnly: true, rows: 3 })).data.buffer, first.data.buffer);
    await Deno.utime(path, 1, 1); // As if it had been written anew.
    assert.notEqual((await read({ readOnly: true })).data.buffer, first.data.buffer);
    const changed = await Deno.readFile(path);
    changed[changed.length >> 1]! ^= 1;
    await Deno.writeFile(path, changed);
    await assert.rejects(read({ readOnly: true }), { code: "data-loss" });
    assert.equal(memories.size, 3); // Damaged data are given to nobody.
  }));

Deno.test("tensor file: any changed byte is detected, and the error names the file and a remedy", () =>
  withFile(async (path) => {
    const whole = await Deno.readFile(path);
    const blocks = whole.length - PIXELS.length;
    for (const at of [0, 8, 12, 43, 44, 300, blocks, blocks + BLOCK_BYTES, whole.length - 1]) {
      const changed = whole.slice();
      changed[at]! ^= 1;
      await Deno.writeFile(path, changed);
      await assert.rejects(async () => {
        using file = await TensorFile.open(path, PLANS);
        await file.read("images");
        await file.read("labels");
      }, (error) => {
        assert(isDamaged(/^Data file ".*data" is damaged: /)(error), `byte ${at}: ${error}`);
        assert.match((error as FlwrError).hints[0]!, /^Delete the file/);
        return true;
      });
    }
  }));

Deno.test("tensor file: a row limit verifies only the blocks it reads", () =>
  withFile(async (path) => {
    const whole = await Deno.readFile(path);
    using file = await TensorFile.open(path, PLANS);
    const end = whole.length - 4096;
    whole[end - 1]! ^= 1;
    await Deno.writeFile(path, whole);
    await file.read("images", { rows: 10 });
    await assert.rejects(file.read("images"), isDamaged(/block 2 of "images"/));
  }));

Deno.test("tensor file: a truncated or extended file, or one with other tensors, is refused", () =>
  withFile(async (path) => {
    const whole = await Deno.readFile(path);
    const cases: [Uint8Array, RegExp][] = [
      [whole.subarray(0, -1), /it has \d+ bytes instead of \d+$/],
      [whole.subarray(0, 60), /invalid length/],
      [whole.subarray(0, 20), /it has only 20 bytes/],
      [new Uint8Array(), /it has only 0 bytes/],
      [new Uint8Array([...whole, 0]), /it has \d+ bytes instead of \d+$/],
    ];
    for (const [bytes, sentence] of cases) {
      await Deno.writeFile(path, bytes);
      await assert.rejects(TensorFile.open(path, PLANS), isDamaged(sentence));
    }
    await Deno.writeFile(path, whole);
    const others = [{ ...PLANS[0]!, shape: [ROWS + 1, 1024] }, PLANS[1]!];
    await assert.rejects(TensorFile.open(path, others), isDamaged(/other tensors/));
  }));

Deno.test("tensor file: a failing writer leaves no file behind, and an earlier file unchanged", () =>
  withFile(async (path) => {
    const before = await Deno.readFile(path);
    const failing = writeTensorFile(path, PLANS, async (write) => {
      await write("images", 0, new Uint8Array(10));
      throw new FlwrError("data-loss", "Source is damaged");
    });
    await assert.rejects(failing, isDamaged(/^Source is damaged$/));
    assert.deepEqual(await Deno.readFile(path), before);
    assert.deepEqual([...Deno.readDirSync(join(path, ".."))].map(({ name }) => name), ["data"]);
  }));

Deno.test("tensor file: bytes outside of their tensor are refused", () =>
  withFile(async (path) => {
    const writing = writeTensorFile(path, PLANS, (write) => write("labels", 17, new Uint8Array(8)));
    await assert.rejects(writing, /Bytes do not fit tensor "labels" at 17/);
  }));
