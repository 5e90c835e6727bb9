import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { LOCATION } from "../../../ml/onnx/message/numbers.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { LocalEngine } from "../../../ml/session/engine.ts";
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
    inFolder(location, refuses("permission-denied", /Tensor "w".*own folder/)));
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
  await inFolder("gone.bin", refuses("not-found", /Tensor "w": .*"gone.bin" is not beside it/));
  await inFolder("weights.bin", refuses("data-loss", /needs 36 bytes, has 32/), { offset: "12" });
  await inFolder("weights.bin", refuses("data-loss", /offset "-8"/), { offset: "-8" });
  await inFolder("weights.bin", refuses("data-loss", /length "9e15"/), { length: "9e15" });
});

Deno.test("a model given as bytes has no folder", () =>
  inFolder("weights.bin", async (path) => {
    const bytes = await Deno.readFile(path);
    assert.throws(() => onnxNetwork(bytes), /given as bytes has no folder/);
  }));
