import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { LOCATION } from "../../../ml/onnx/message/numbers.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { tensorBytes } from "../../../tensor/tensor.ts";
import { difference, numbers, oneNode, runFile, runNetwork } from "./onnx_file.ts";

const WEIGHT = numbers([3, 2], 1);
const INSIDE = oneNode("Gemm", {}, { w: WEIGHT });

/** A model in a folder whose weight lies, 8 bytes from the start, in another file. */
async function inFolder(
  location: string,
  work: (path: string, folder: string) => Promise<void> | void,
  entries: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const model = MODEL.decode(INSIDE);
    const weight = model.graph!.initializer[0]!;
    weight.rawData = new Uint8Array();
    weight.dataLocation = LOCATION.EXTERNAL;
    weight.externalData = Object.entries({ location, offset: "8", length: "24", ...entries }).map(
      ([key, value]) => ({ key, value }),
    );
    await Deno.mkdir(join(folder, "model"));
    const data = new Uint8Array([...new Uint8Array(8), ...tensorBytes(WEIGHT)]);
    await Deno.writeFile(join(folder, "model", "weights.bin"), data);
    await Deno.writeFile(join(folder, "outside.bin"), data);
    const path = join(folder, "model", "model.onnx");
    await Deno.writeFile(path, MODEL.encode(model));
    await work(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function refuses(code: string, pattern: RegExp) {
  return (path: string) =>
    assert.throws(() => onnxNetwork(path), (error) => {
      assert.ok(error instanceof FlwrError);
      assert.match(error.message, pattern);
      assert.equal(error.code, code);
      return true;
    });
}

Deno.test("data beside the model are read", () =>
  inFolder("weights.bin", async (path) => {
    await using engine = await LocalEngine.create(1);
    const x = numbers([4, 3], 2);
    const expected = await runFile(engine, INSIDE, { x });
    assert.ok(difference(await runNetwork(engine, onnxNetwork(path), x), expected) < 1e-6);
  }));

for (const location of ["../outside.bin", "a/../../outside.bin", "", "weights.bin\0"]) {
  Deno.test(`data at ${JSON.stringify(location)} are out of the model's folder`, () =>
    inFolder(location, refuses("permission-denied", /Tensor "w".*in the model's folder/)));
}

Deno.test("data at an absolute path are refused, also those that are the model's own", () =>
  inFolder("/etc/hostname", refuses("permission-denied", /"\/etc\/hostname"/)));

Deno.test("a link out of the model's folder is not followed", () =>
  inFolder("link.bin", async (path, folder) => {
    await Deno.symlink(join(folder, "outside.bin"), join(folder, "model", "link.bin"));
    refuses("permission-denied", /"link.bin"/)(path);
  }));

Deno.test("a folder is no data file", () =>
  inFolder("sub", async (path, folder) => {
    await Deno.mkdir(join(folder, "model", "sub"));
    refuses("permission-denied", /"sub"/)(path);
  }));

Deno.test("missing data, data cut off and lengths that do not fit are named", async () => {
  await inFolder(
    "gone.bin",
    refuses("not-found", /Tensor "w": .*"gone.bin" is not in the same folder/),
  );
  await inFolder("weights.bin", refuses("data-loss", /needs 36 bytes, has 32/), { offset: "12" });
  await inFolder("weights.bin", refuses("data-loss", /offset "-8"/), { offset: "-8" });
  await inFolder("weights.bin", refuses("data-loss", /needs 9000000000000008/), { length: "9e15" });
  await inFolder("weights.bin", refuses("data-loss", /length "16"/), { length: "16" });
});

Deno.test("a model given as bytes has no folder", () =>
  inFolder("weights.bin", async (path) => {
    const bytes = await Deno.readFile(path);
    assert.throws(() => onnxNetwork(bytes), /given as bytes has no folder/);
  }));

Deno.test("padded data are read as far as they are needed", () =>
  inFolder("weights.bin", async (path) => {
    await using engine = await LocalEngine.create(1);
    const bytes = await Deno.readFile(join(path, "..", "weights.bin"));
    await Deno.writeFile(join(path, "..", "weights.bin"), new Uint8Array([...bytes, 1, 2, 3, 4]));
    const x = numbers([4, 3], 2);
    const expected = await runFile(engine, INSIDE, { x });
    assert.ok(difference(await runNetwork(engine, onnxNetwork(path), x), expected) < 1e-6);
  }, { length: "28" }));

/** A model and its weight as Hugging Face's cache has them: links into one folder of files named by hashes. */
async function inCache(
  blobs: string,
  work: (path: string, root: string) => Promise<void> | void,
): Promise<void> {
  await inFolder("weights.bin", async (path, root) => {
    const model = join(path, "..");
    await Deno.mkdir(join(root, blobs));
    await Deno.mkdir(join(root, "snapshots"));
    for (const [file, hash] of [["model.onnx", "a1"], ["weights.bin", "b2"]] as const) {
      await Deno.rename(join(model, file), join(root, blobs, hash));
      await Deno.symlink(join("..", blobs, hash), join(root, "snapshots", file));
    }
    await work(join(root, "snapshots", "model.onnx"), root);
  });
}

Deno.test("the links of Hugging Face's cache are followed", () =>
  inCache("blobs", async (path) => {
    await using engine = await LocalEngine.create(1);
    const x = numbers([4, 3], 2);
    const expected = await runFile(engine, INSIDE, { x });
    assert.ok(difference(await runNetwork(engine, onnxNetwork(path), x), expected) < 1e-6);
  }));

Deno.test("links of a model that lies in another folder are not followed", () =>
  inCache("elsewhere", refuses("permission-denied", /"weights.bin"/)));

Deno.test("links of a cache lead to its own files and nowhere else", () =>
  inCache("blobs", async (path, root) => {
    const link = join(root, "snapshots", "weights.bin");
    for (const target of [join(root, "outside.bin"), join(root, "blobs", "sub", "c3")]) {
      await Deno.mkdir(join(root, "blobs", "sub"), { recursive: true });
      if (target.endsWith("c3")) await Deno.copyFile(join(root, "outside.bin"), target);
      await Deno.remove(link);
      await Deno.symlink(target, link);
      refuses("permission-denied", /"weights.bin"/)(path);
    }
  }));
