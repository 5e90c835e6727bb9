import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { findAppModule } from "./app_module.ts";
import { importApp } from "./import_app.ts";

const isNumber = (value: unknown): value is number => typeof value === "number";

async function inFolder(
  files: Record<string, string>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refusal(promise: Promise<unknown>): Promise<FlwrError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, String(error));
  return error;
}

Deno.test("an app is found by module name, dotted path, file name and absolute path", async () => {
  const files = { "client.ts": "", "server.js": "", "pkg/deep/app.ts": "", "dotted.name.ts": "" };
  await inFolder(files, async (folder) => {
    const found = async (spec: string) => (await findAppModule(spec, folder)).file;
    assert.equal(await found("client:app"), join(folder, "client.ts"));
    assert.equal(await found("server:app"), join(folder, "server.js"));
    assert.equal(await found("pkg.deep.app:app"), join(folder, "pkg/deep/app.ts"));
    assert.equal(await found("pkg/deep/app:app"), join(folder, "pkg/deep/app.ts"));
    assert.equal(await found("dotted.name:app"), join(folder, "dotted.name.ts"));
    assert.equal(await found("client.ts:app"), join(folder, "client.ts"));
    assert.equal(await found(`${join(folder, "client.ts")}:app`), join(folder, "client.ts"));
  });
});

Deno.test("the error for a malformed or missing app names the files searched", async () => {
  await inFolder({}, async (folder) => {
    assert.match((await refusal(findAppModule("client", folder))).message, /"client" is not of/);
    assert.match((await refusal(findAppModule("client:a b", folder))).message, /is not of/);
    const missing = await refusal(findAppModule("client:app", folder));
    assert.equal(missing.code, "not-found");
    assert.match(missing.hints[0]!, /client\.ts/);
  });
});

Deno.test("an app is imported by its export name, and only if it has the right type", async () => {
  const files = {
    "good.ts": "export const app: number = 7; export const other = 'text';",
    "broken.ts": "throw new Error('no data here');",
    "empty.ts": "export {};",
  };
  await inFolder(files, async (folder) => {
    const load = async (spec: string) =>
      await importApp(await findAppModule(spec, folder), isNumber, "Number");
    assert.equal(await load("good:app"), 7);
    assert.match((await refusal(load("good:other"))).message, /"other" of ".*good\.ts" is not a/);
    const absent = await refusal(load("good:missing"));
    assert.match(absent.message, /exports no "missing"/);
    assert.match(absent.hints[0]!, /app, other/);
    assert.match((await refusal(load("empty:app"))).hints[0]!, /exports nothing/);
    assert.match((await refusal(load("broken:app"))).message, /could not be loaded: no data here/);
  });
});
