import { MAX_ATTACHMENT_BYTES } from "../attachments.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { buildFab } from "./build.ts";
import { MAX_FAB_BYTES } from "../limits.ts";
import { readFab } from "../read.ts";
import { appFiles, withApp } from "../testing/app_files.ts";

/** Files of an app whose manifest lists attachments. */
function listing(list: string, language: "typescript" | "python" = "typescript") {
  const files = appFiles(language);
  const manifest = files["pyproject.toml"]!.replace(
    'publisher = "tester"',
    `publisher = "tester"\nattachments = ${list}`,
  );
  return { ...files, "pyproject.toml": manifest };
}

const MIB = 2 ** 20;
const write = (folder: string, path: string, bytes: number) =>
  Deno.writeFile(join(folder, path), new Uint8Array(bytes));

Deno.test("attachments: the largest ONNX files become attachments until the FAB is small enough", () =>
  withApp(appFiles("typescript"), async (folder) => {
    await write(folder, "a.onnx", 4 * MIB);
    await write(folder, "b.onnx", 5 * MIB);
    const small = await buildFab(folder);
    assert.deepEqual(small.attachments, []);
    await write(folder, "c.onnx", 6 * MIB);
    const large = await buildFab(folder);
    assert.deepEqual(
      large.attachments.map(({ path, size, pieces, file }) => [
        ...[path, size, pieces.length, file],
      ]),
      [["c.onnx", 6 * MIB, 2, join(folder, "c.onnx")]],
    );
    assert.ok(large.content.length <= MAX_FAB_BYTES);
    const { attachments, files } = readFab(large.content);
    assert.deepEqual(attachments, large.attachments.map(({ file: _, ...rest }) => rest));
    assert.ok(files.has("a.onnx") && files.has("b.onnx") && !files.has("c.onnx"));
    const other = await withApp(appFiles("typescript"), async (folder) => {
      for (const [name, size] of [["c", 6], ["b", 5], ["a", 4]] as const) {
        await write(folder, `${name}.onnx`, size * MIB);
      }
      return await buildFab(folder);
    });
    assert.equal(other.hash, large.hash, "the same app gives the same bytes");
  }));

Deno.test("attachments: a FAB within the limit has no automatic attachments", () =>
  withApp(appFiles("typescript"), async (folder) => {
    const empty = (await buildFab(folder)).content.length;
    await write(folder, "m.onnx", MAX_FAB_BYTES - empty - 2000);
    const { content, attachments } = await buildFab(folder);
    assert.deepEqual(attachments, []);
    assert.ok(content.length <= MAX_FAB_BYTES);
    await write(folder, "m.onnx", MAX_FAB_BYTES);
    assert.equal((await buildFab(folder)).attachments.length, 1);
  }));

Deno.test("attachments: other files become attachments only if listed, even if git ignores them", () =>
  withApp(
    {
      ...listing('["start.npz", "w/x.safetensors"]'),
      ".gitignore": "*.npz\n",
      "w/x.safetensors": "w",
    },
    async (folder) => {
      await write(folder, "start.npz", 3);
      await write(folder, "patients.npz", 3);
      const { attachments } = await buildFab(folder);
      assert.deepEqual(attachments.map(({ path }) => path), ["start.npz", "w/x.safetensors"]);
    },
  ));

Deno.test("attachments: an invalid list in the manifest is refused", async (t) => {
  const files = { "a.onnx": "a", "b.csv": "b", "empty.npy": "" };
  for (
    const list of [
      '"a.onnx"',
      "[1]",
      '["missing.onnx"]',
      '["*.onnx"]',
      '["../a.onnx"]',
      '["b.csv"]',
      '["client.ts"]',
      '["a.onnx", "a.onnx"]',
      '["empty.npy"]',
    ]
  ) {
    await t.step(
      list,
      () =>
        withApp(
          { ...listing(list), ...files },
          (folder) => assert.rejects(buildFab(folder), { code: "invalid-argument" }),
        ),
    );
  }
  await t.step(
    "a Python app",
    () =>
      withApp(
        { ...listing('["a.onnx"]', "python"), ...files },
        (folder) =>
          assert.rejects(buildFab(folder), { code: "invalid-argument", message: /TypeScript/ }),
      ),
  );
});

Deno.test("attachments: links out of the folder and files beyond the limit are refused", async () => {
  await withApp(listing('["a.onnx"]'), async (folder) => {
    await Deno.symlink("/etc/hostname", join(folder, "a.onnx"));
    await assert.rejects(buildFab(folder), { code: "invalid-argument" });
  });
  await withApp(appFiles("typescript"), async (folder) => {
    await Deno.writeTextFile(join(folder, "a.onnx"), "");
    // A sparse file: only its size is checked.
    await Deno.truncate(join(folder, "a.onnx"), MAX_ATTACHMENT_BYTES + 1);
    await assert.rejects(buildFab(folder), { code: "resource-exhausted" });
  });
});
