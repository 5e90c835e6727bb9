import assert from "node:assert/strict";
import { join } from "node:path";
import vectors from "../../tests/vectors/fab/bundles.json" with { type: "json" };
import { buildFab } from "./build.ts";
import { fabFileName } from "../fab.ts";
import { MAX_FAB_BYTES } from "../limits.ts";
import { readFab } from "../read.ts";
import { appFiles, withApp } from "../testing/app_files.ts";

Deno.test("build: the bytes equal those of Flower's own flwr build", async (t) => {
  for (const { title, files, file, sha256, fab } of vectors) {
    if (file === undefined) continue;
    await t.step(title, async () => {
      await withApp(files, async (folder) => {
        const built = await buildFab(folder);
        if (fab !== undefined) assert.deepEqual(built.content, Uint8Array.fromBase64(fab));
        assert.equal(built.hash, sha256);
        assert.equal(fabFileName(built.config, built.hash), file);
        assert.deepEqual(readFab(built.content).config, built.config);
      });
    });
  }
});

Deno.test("build: apps that Flower's own flwr build refuses are refused", async (t) => {
  const refused = vectors.filter(({ file }) => file === undefined);
  assert.ok(refused.length > 20);
  for (const { title, files } of refused) {
    await t.step(
      title,
      () =>
        withApp(files, (folder) => assert.rejects(buildFab(folder), { code: "invalid-argument" })),
    );
  }
});

Deno.test("build: a FAB of a real run is read, and rebuilt from its files to the same bytes", async () => {
  const recorded = await Deno.readFile(
    new URL("../../tests/vectors/fab/recorded.fab", import.meta.url),
  );
  const { hash, files, config } = readFab(recorded);
  assert.equal(fabFileName(config, hash), "agenta.mini.1-0-0.3ffe67cf.fab");
  const texts = [...files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]);
  const built = await withApp(Object.fromEntries(texts), buildFab);
  assert.deepEqual(built.content, recorded);
});

const paths = async (folder: string) => [...readFab((await buildFab(folder)).content).files.keys()];

Deno.test("build: a TypeScript app has its code and models, but no tests and packages", () =>
  withApp({
    ...appFiles("typescript"),
    "lib/task.mts": "",
    "model.onnx": "",
    "fast.wasm": "",
    "deno.json": "{}",
    "README.md": "",
    "task_test.ts": "",
    "lib/task.test.ts": "",
    "make_model.py": "",
    "data.csv": "",
    "package-lock.json": "{}",
    "node_modules/x/index.js": "",
    "lib/node_modules/x/index.js": "",
  }, async (folder) => {
    assert.deepEqual(await paths(folder), [
      "pyproject.toml",
      "README.md",
      "client.ts",
      "deno.json",
      "fast.wasm",
      "lib/task.mts",
      "model.onnx",
      "server.ts",
    ]);
  }));

Deno.test("build: flwr.toml becomes the FAB's pyproject.toml, even if there is another one", async () => {
  const { "pyproject.toml": manifest, ...code } = appFiles("typescript");
  const [plain, own, both] = await Promise.all([
    withApp({ ...code, "pyproject.toml": manifest! }, buildFab),
    withApp({ ...code, "flwr.toml": manifest! }, buildFab),
    withApp({ ...code, "flwr.toml": manifest!, "pyproject.toml": "[tool.ruff]\n" }, buildFab),
  ]);
  assert.equal(own.hash, plain.hash);
  assert.equal(both.hash, plain.hash);
  assert.equal(own.config.language, "typescript");
  await withApp(
    { ...code, "flwr.toml": manifest!, "pyproject.toml": manifest! },
    (folder) =>
      assert.rejects(buildFab(folder), {
        code: "invalid-argument",
        message: /Both "pyproject.toml"/,
      }),
  );
});

Deno.test("build: a link within the app counts as a file, and .git is skipped", () =>
  withApp({ ...appFiles("typescript"), ".git/refs/x.md": "", "a.md": "text" }, async (folder) => {
    await Deno.symlink("a.md", join(folder, "b.md"));
    const { files } = readFab((await buildFab(folder)).content);
    assert.deepEqual([...files.keys()], [
      "pyproject.toml",
      "a.md",
      "b.md",
      "client.ts",
      "server.ts",
    ]);
    assert.deepEqual(files.get("b.md"), files.get("a.md"));
  }));

Deno.test("build: a link out of the app is refused if it would be bundled, and otherwise ignored", async () => {
  const elsewhere = await Deno.makeTempDir();
  await Deno.writeTextFile(join(elsewhere, "secret.md"), "");
  await Deno.writeTextFile(join(elsewhere, "data.csv"), "");
  const cases: [name: string, target: string, message: RegExp | undefined][] = [
    ["link.md", join(elsewhere, "secret.md"), /"link\.md" is a link to a file outside/],
    ["link.csv", join(elsewhere, "data.csv"), undefined],
    ["linked", elsewhere, /"linked" is a link to a folder/],
    ["node_modules", elsewhere, undefined],
    ["gone.ts", join(elsewhere, "gone.ts"), /"gone\.ts" is a broken link/],
    ["gone.csv", join(elsewhere, "gone.csv"), undefined],
    [".gitignore", join(elsewhere, "secret.md"), /"\.gitignore" is a link/],
    ["flwr.toml", join(elsewhere, "secret.md"), /"flwr\.toml" is a link/],
    ["circle", ".", /"circle" is a link to a folder/],
  ];
  try {
    for (const [name, target, message] of cases) {
      await withApp(appFiles("typescript"), async (folder) => {
        await Deno.symlink(target, join(folder, name));
        if (message === undefined) {
          assert.deepEqual(await paths(folder), ["pyproject.toml", "client.ts", "server.ts"]);
        } else {
          await assert.rejects(buildFab(folder), { code: "invalid-argument", message });
          if (name.startsWith(".") || name === "flwr.toml") return;
          await Deno.writeTextFile(join(folder, ".gitignore"), name);
          assert.deepEqual(await paths(folder), ["pyproject.toml", "client.ts", "server.ts"]);
        }
      });
    }
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
});

Deno.test("build: an unreadable .gitignore is refused, because it would exclude nothing", () =>
  withApp({ ...appFiles("typescript"), "secret.json": "{}" }, async (folder) => {
    await Deno.writeFile(
      join(folder, ".gitignore"),
      new Uint8Array([...new TextEncoder().encode("secret.json # f"), 0xfc, 0x72]),
    );
    await assert.rejects(buildFab(folder), { code: "invalid-argument", message: /gitignore/ });
  }));

Deno.test("build: an app without its components is refused with a reason", async () => {
  const files = appFiles("typescript");
  const refusal = (more: Record<string, string>, message: RegExp) =>
    withApp({ ...files, ...more }, (folder) => assert.rejects(buildFab(folder), { message }));
  await refusal({ "client.py": "" }, /"clientapp" .* has both "client\.ts" and "client\.py"/);
  await refusal({ ".gitignore": "server.ts" }, /"serverapp" .* has neither "server\.ts" nor/);
  const { "client.ts": _, ...without } = files;
  await withApp(without, (folder) => assert.rejects(buildFab(folder), { message: /"clientapp"/ }));
});

Deno.test("build: an app in both languages has the files of both, and no attachments", async () => {
  const { "client.ts": _, ...files } = appFiles("typescript");
  const mixed = {
    ...files,
    "client.py": "app = None",
    "lib/task.py": "",
    "nodes/task.py": "",
    "a_test.ts": "",
    "b_test.py": "",
  };
  await withApp(mixed, async (folder) => {
    const { config, content } = await buildFab(folder);
    assert.deepEqual([config.language, config.clientLanguage], ["typescript", "python"]);
    const packed = [...readFab(content).files.keys()].filter((path) => /\.(ts|py)$/.test(path));
    assert.deepEqual(packed.sort(), ["client.py", "nodes/task.py", "server.ts"]);
  });
  const manifest = files["pyproject.toml"]!.replace(
    "[tool.flwr.app]\n",
    '[tool.flwr.app]\nattachments = ["model.npz"]\n',
  );
  await withApp(
    { ...mixed, "model.npz": "", "pyproject.toml": manifest },
    (folder) => assert.rejects(buildFab(folder), { message: /for TypeScript apps only/ }),
  );
});

Deno.test("build: names that some file systems do not distinguish or support are refused", async () => {
  const refusal = (name: string, message: RegExp) =>
    withApp(
      { ...appFiles("typescript"), [name]: "" },
      (folder) => assert.rejects(buildFab(folder), { code: "invalid-argument", message }),
    );
  await refusal("CLIENT.ts", /the same file on some systems/);
  await refusal("a,b.ts", /has a comma/);
  await refusal("a:b.ts", /one of the characters/);
  await refusal("con.ts", /name of a Windows device/);
});

Deno.test("build: a FAB beyond the limit is refused", () =>
  withApp(
    { ...appFiles("typescript"), "big.json": " ".repeat(MAX_FAB_BYTES) },
    (folder) =>
      assert.rejects(buildFab(folder), {
        code: "resource-exhausted",
        message: /more than 10485760 bytes/,
      }),
  ));

Deno.test("build: a missing folder, or one without a manifest, is refused", async () => {
  await withApp({ "client.ts": "" }, async (folder) => {
    await assert.rejects(buildFab(folder), {
      code: "not-found",
      message: /neither "pyproject\.toml"/,
    });
    await assert.rejects(buildFab(join(folder, "gone")), { code: "not-found" });
  });
});
