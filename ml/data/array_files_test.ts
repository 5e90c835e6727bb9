import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { encodeNpy } from "../../tensor/npy.ts";
import { encodeNpz } from "../../tensor/npz.ts";
import { tensor } from "../../tensor/tensor.ts";
import { readNpy, readNpz } from "./array_files.ts";

const PIXELS = tensor("uint8", [2, 2], new Uint8Array([1, 2, 3, 4]));

Deno.test("array files: .npy and .npz are read, and errors name the file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [npy, npz] = [join(folder, "x.npy"), join(folder, "x.npz")];
    await Deno.writeFile(npy, encodeNpy(PIXELS));
    await Deno.writeFile(npz, encodeNpz([["x", PIXELS]]));
    assert.deepEqual(await readNpy(npy), PIXELS);
    assert.deepEqual(new Map(await readNpz(npz)), new Map([["x", PIXELS]]));
    const named = (path: string, code: string) => (error: unknown) =>
      error instanceof FlwrError && error.code === code &&
      error.message.startsWith(`File "${path}"`);
    await assert.rejects(readNpy(npz), named(npz, "invalid-argument"));
    await assert.rejects(readNpz(npy), named(npy, "invalid-argument"));
    const object = await Deno.readFile("tests/vectors/files/npz_object_member.npz");
    await Deno.writeFile(npz, object);
    const arrays = await readNpz(npz);
    assert.equal(arrays.get("a")!.data.length, 6);
    assert.throws(() => arrays.get("meta"), named(npz, "invalid-argument"));
    await assert.rejects(readNpy(join(folder, "y.npy")), named(join(folder, "y.npy"), "not-found"));
    await assert.rejects(readNpy(folder), named(folder, "failed-precondition"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
