import assert from "node:assert/strict";
import { testWithAllRights } from "../../../../base/testing/all_rights.ts";
import { dirname, join } from "node:path";
import { TempDir } from "../../../../tests/support/tempdir.ts";
import { readTypes } from "./installation.ts";
import { checkNatively, nativeCompiler, resolvesAlike } from "./native_check.ts";

const SERVER = `import { FedAvg, ServerApp } from "flwr";
import { rounds } from "./task.ts";
export const app = new ServerApp().main(async (grid) => {
  await new FedAvg().start(grid, { numRounds: rounds });
});
`;
const TASK = "export const rounds: number = 3;\n";

const filesOf = (texts: Readonly<Record<string, string>>) =>
  new Map(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));

async function verdictOn(texts: Readonly<Record<string, string>>) {
  await using folder = await TempDir.make();
  const files = filesOf(texts);
  for (const [path, content] of files) {
    const file = join(folder.path, "app", path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, content);
  }
  return await checkNatively({
    files,
    folder: folder.path,
    components: [{ kind: "ServerApp", file: "server.ts", exportName: "app" }],
    libraryTypes: await readTypes(),
    globals: "",
    signal: new AbortController().signal,
  });
}

testWithAllRights(
  "the native compiler passes a right app, and fails each kind of wrong one",
  async () => {
    assert.ok(await nativeCompiler(), "its package is installed");
    assert.equal(await verdictOn({ "server.ts": SERVER, "task.ts": TASK }), "passed");
    const deno = "export const rounds = Deno.memoryUsage().rss + new URL('a:b').href.length;\n";
    assert.equal(await verdictOn({ "server.ts": SERVER, "task.ts": deno }), "passed");
    for (
      const wrong of [
        'export const rounds = "three";\n',
        "export const rounds = document.title.length;\n",
        "export const other = 3;\n",
        "export const rounds = (undefined as unknown as AbortSignal).missing;\n",
        "class A { m() {} } class B extends A { m() {} }\nexport const rounds = 3;\n",
      ]
    ) {
      assert.equal(await verdictOn({ "server.ts": SERVER, "task.ts": wrong }), "failed", wrong);
    }
    const client = SERVER.replace("new ServerApp().main", "((main: unknown) => main)");
    assert.equal(await verdictOn({ "server.ts": client, "task.ts": TASK }), "failed");
  },
);

Deno.test("imports that Deno resolves in another way are left to Deno", () => {
  const alike = (task: string, more: Readonly<Record<string, string>> = {}) =>
    resolvesAlike(filesOf({ "lib/server.ts": task, "lib/task.ts": TASK, "a.ts": "", ...more }));
  for (
    const task of [
      'import { rounds } from "./task.ts";',
      'import { rounds } from "../a.ts"; export * from "./task.ts";',
      'const task = await import("./task.ts");',
      'import { FedAvg } from "flwr";',
    ]
  ) assert.ok(alike(task), task);
  for (
    const task of [
      'import { rounds } from "./task";',
      'import { rounds } from "./task.js";',
      'import { rounds } from "./";',
      'export * from "./task";',
      'import"./task";',
      'type T = import("./task").T;',
      "const task = await import(`./task`);",
      'const task = await import(/* later */ "./task");',
      'import { rounds } from /* here */ "./task";',
      'import data from "./data.json" with { type: "json" };',
      'import { rounds } from "./\\x74ask.ts";',
      'import { rounds } from "./missing.ts";',
      'import { readFile } from "node:fs";',
      'import lodash from "lodash";',
      'import lodash from "npm:lodash";',
      'import x from "https://example.org/x.ts";',
      'import { test } from "flwr/testing";',
      'import fs = require("fs");',
      '/// <reference lib="dom" />',
      '// @ts-types="./other.d.ts"\nimport { rounds } from "./task.ts";',
    ]
  ) assert.ok(!alike(task), task);
  assert.ok(!alike("", { "lib/package.json": "{}" }));
  assert.ok(!alike("", { "lib/task.d.ts": "export const rounds: string;" }));
});
