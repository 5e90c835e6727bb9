import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../new/create_app.ts";
import { TEMPLATES } from "../new/template.ts";
import { checkApp } from "./check_app.ts";
import { denoSettings, FOLDER, writeEditorFiles } from "./editor_files.ts";

async function withApp(body: (folder: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "flwr-types-test-" });
  try {
    const template = TEMPLATES["minimal"]!;
    const { folder } = await createApp({ name: "my-app", publisher: "me", template, parent });
    await body(folder);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

async function deno(folder: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const MODULES = ["server.ts", "client.ts"];

Deno.test("types: a new app type-checks, and runs its own tests, outside of this repository", () =>
  withApp(async (folder) => {
    await Deno.writeTextFile(
      join(folder, "client_test.ts"),
      `import { ArrayRecord, ConfigRecord, Message, RecordDict, tensor } from "flwr";
import { app } from "./client.ts";

Deno.test("the loss is a number", async () => {
  const line = tensor("float32", [2], Float32Array.of(1, 0));
  const content = { arrays: ArrayRecord.fromTensors({ line }), config: new ConfigRecord() };
  const message = Message.create({ content, dstNodeId: 1n, messageType: "evaluate" });
  const context = {
    runId: 1n,
    nodeId: 1n,
    nodeConfig: new ConfigRecord({ "partition-id": 0 }),
    runConfig: new ConfigRecord(),
    state: new RecordDict(),
  };
  const reply = await app.handle(message, context);
  if (!(reply.content.metricRecord("metrics").number("loss") > 0)) throw new Error("no loss");
});
`,
    );
    const { code, text } = await deno(folder, "test", "-A");
    assert.equal(code, 0, text);
    assert.match(text, /1 passed/);
  }));

Deno.test("types: type errors are found with the app's own settings, and without any", () =>
  withApp(async (folder) => {
    await checkApp(folder, MODULES);
    await Deno.writeTextFile(
      join(folder, "client.ts"),
      '\nexport const wrong: number = "text";\n',
      { append: true },
    );
    const fails = () =>
      assert.rejects(checkApp(folder, MODULES), (error: Error & { code?: string }) => {
        assert.equal(error.code, "failed-precondition");
        return /TS2322[^]*client\.ts/.test(error.message) && !/Stack backtrace/.test(error.message);
      });
    await fails();
    for (const file of ["deno.json", "tsconfig.json"]) await Deno.remove(join(folder, file));
    await Deno.remove(join(folder, FOLDER), { recursive: true });
    await fails();
    await Deno.writeTextFile(join(folder, "deno.json"), '{"imports": {"other": "./x.ts"}}');
    await fails();
  }));

Deno.test("types: what an app's folder has already stays as it is", () =>
  withApp(async (folder) => {
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    await Deno.writeTextFile(join(folder, "tsconfig.json"), "{}");
    assert.deepEqual(await writeEditorFiles(folder), []);
    assert.equal(await Deno.readTextFile(join(folder, "deno.json")), "{}");
    assert.equal(await denoSettings(folder), "other");
  }));

Deno.test("types: the folder that names this machine's paths is in no bundle and no repository", () =>
  withApp(async (folder) => {
    assert.equal(await Deno.readTextFile(join(folder, FOLDER, ".gitignore")), "*\n");
    for (const file of ["deno.json", "tsconfig.json"]) {
      const text = await Deno.readTextFile(join(folder, file));
      assert.ok(!/file:|"\//.test(text), `${file}: ${text}`);
    }
  }));
