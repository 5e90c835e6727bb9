import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../new/create_app.ts";
import { nextTurn } from "../../../../base/turn.ts";
import { processesOf } from "../../../../tests/support/processes_of.ts";
import { TEMPLATES } from "../new/template.ts";
import { buildFab } from "../../../../fab/build/build.ts";
import { readFab } from "../../../../fab/read.ts";
import { type AppToCheck, neededTypeCheck } from "./type_check.ts";
import { denoSettings, FOLDER, writeEditorFiles } from "./editor_files.ts";
import { HAS_ALL_RIGHTS, testWithAllRights } from "../../../../base/testing/all_rights.ts";

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

/** An app to check. */
async function appIn(folder: string): Promise<AppToCheck> {
  const { content, config } = await buildFab(folder);
  const { serverApp: ServerApp, clientApp: ClientApp } = config;
  const components = { ...(ServerApp && { ServerApp }), ...(ClientApp && { ClientApp }) };
  return { files: readFab(content).files, folder, components };
}

/** Checks an app, unless it has passed before. */
async function check(folder: string): Promise<void> {
  const needed = await neededTypeCheck(await appIn(folder));
  await needed?.();
}

testWithAllRights(
  "types: a new app type-checks, and runs its own tests, outside of this repository",
  () =>
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
      assert.match(text, /2 passed/);
    }),
);

const refusal = (found: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, "failed-precondition");
  assert.match(error.message, found);
  return !/Stack backtrace|flwr-check-/.test(error.message);
};

testWithAllRights(
  "types: type errors are found, whatever the app's settings",
  () =>
    withApp(async (folder) => {
      const client = join(folder, "client.ts");
      await Deno.writeTextFile(client, '\nexport const wrong: number = "text";\n', {
        append: true,
      });
      // The next test finds the same error with the settings of a new app.
      await Deno.writeTextFile(join(folder, "deno.json"), '{"compilerOptions": {"strict": false}}');
      await assert.rejects(check(folder), refusal(/TS2322[^]*client\.ts/));
    }),
);

testWithAllRights(
  "types: an app may use all of Deno's globals, and unknown names are refused",
  () =>
    withApp(async (folder) => {
      const client = join(folder, "client.ts");
      const text = await Deno.readTextFile(client);
      const uses = `import { basename } from "node:path";
export const name: string = basename("a/b") + new CompressionStream("gzip") + navigator.hardwareConcurrency;
`;
      await Deno.writeTextFile(client, uses + text);
      await check(folder);
      await Deno.writeTextFile(
        client,
        `${text}
export const id: number = setTimeout(() => {});
export const element = document.body;
`,
      );
      // One check finds both errors, in the order of the lines.
      await assert.rejects(check(folder), refusal(/TS2322[^]*TS(2584|2304)/));
    }),
);

testWithAllRights(
  "types: a module that does not export its component is refused",
  () =>
    withApp(async (folder) => {
      const client = join(folder, "client.ts");
      const text = await Deno.readTextFile(client);
      await Deno.writeTextFile(client, text.replace("export const app", "export const aap"));
      await assert.rejects(check(folder), refusal(/no exported member.*app/));
      await Deno.writeTextFile(client, "export const app = 1;\n");
      await assert.rejects(check(folder), refusal(/TS1360/));
      assert.ok(await neededTypeCheck(await appIn(folder)), "what failed is not remembered");
    }),
);

testWithAllRights(
  "types: code that has passed is not checked again, even with other settings",
  () =>
    withApp(async (folder) => {
      const unchecked = async () => await neededTypeCheck(await appIn(folder)) !== undefined;
      const append = (file: string, text: string) =>
        Deno.writeTextFile(join(folder, file), text, { append: true });
      // No other test uses this code.
      await append("client.ts", `// ${crypto.randomUUID()}\n`);
      assert.equal(await unchecked(), true);
      await check(folder);
      assert.equal(await unchecked(), false);
      const manifest = join(folder, "flwr.toml");
      const settings = await Deno.readTextFile(manifest);
      await Deno.writeTextFile(manifest, settings.replace(/num-rounds = \d+/, "num-rounds = 77"));
      assert.notEqual(await Deno.readTextFile(manifest), settings);
      await append("README.md", "More words.\n");
      assert.equal(await unchecked(), false);

      await Deno.writeTextFile(manifest, settings.replace("client:app", "client:other"));
      assert.equal(await unchecked(), true, "another export is asked for");
      await Deno.writeTextFile(manifest, settings);
      await append("client.ts", "export const more = 1;\n");
      assert.equal(await unchecked(), true);
    }),
);

testWithAllRights(
  "types: a check that is stopped has no result",
  () =>
    withApp(async (folder) => {
      await Deno.writeTextFile(
        join(folder, "client.ts"),
        `export const app = "${crypto.randomUUID()}";`,
      );
      const app = await appIn(folder);
      const needed = await neededTypeCheck(app);
      await assert.rejects(needed!(AbortSignal.abort()), { code: "cancelled" });
      assert.ok(await neededTypeCheck(app));
    }),
);

testWithAllRights(
  "types: a check runs no code of the app, contacts no registry, and writes nothing",
  () =>
    withApp(async (folder) => {
      const asked: string[] = [];
      await using registry = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        (request) => {
          asked.push(request.url);
          return new Response(null, { status: 404 });
        },
      );
      await Deno.writeTextFile(
        join(folder, "deno.json"),
        '{"nodeModulesDir": "auto", "allowScripts": ["npm:evil@1.0.0"]}',
      );
      const { port } = registry.addr as Deno.NetAddr;
      await Deno.writeTextFile(join(folder, ".npmrc"), `registry=http://127.0.0.1:${port}/\n`);
      await Deno.writeTextFile(
        join(folder, "client.ts"),
        'import "npm:evil@1.0.0";\n' + await Deno.readTextFile(join(folder, "client.ts")),
      );
      const before = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
      await assert.rejects(check(folder), refusal(/npm specifiers/));
      assert.deepEqual(asked, []);
      assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), before);
    }),
);

Deno.test({
  name: "types: Ctrl-C ends a check with its type checker, and leaves nothing behind",
  ignore: Deno.build.os !== "linux" || !HAS_ALL_RIGHTS,
  fn: () =>
    withApp(async (folder) => {
      const home = join(folder, "..");
      const made = join(home, "made");
      await Deno.mkdir(made);
      const module = new URL("./type_check.ts", import.meta.url).href;
      const app =
        `{ files: new Map([["client.ts", new TextEncoder().encode("export const app = 1;")]]),
        hash: "0", folder: ".", components: { ClientApp: "client:app" } }`;
      const parent = new Deno.Command(Deno.execPath(), {
        args: [
          ...["eval", "--config", new URL("../../../../deno.json", import.meta.url).pathname],
          `import { neededTypeCheck } from ${
            JSON.stringify(module)
          }; await (await neededTypeCheck(${app}))();`,
        ],
        env: { FLWR_HOME: home, TMPDIR: made, NO_COLOR: "1" },
        stderr: "piped",
      }).spawn();
      const ended = parent.output();
      const checkers = async () =>
        [...(await processesOf(home)).values()].filter((line) => line.includes("check --quiet"));
      while ((await checkers()).length === 0) await nextTurn();
      parent.kill("SIGINT");
      const { success, stderr } = await ended;
      assert.equal(success, false);
      assert.match(new TextDecoder().decode(stderr), /FlwrError.*stopped/);
      while ((await checkers()).length > 0) await nextTurn();
      assert.deepEqual([...Deno.readDirSync(made)], []);
    }),
});

testWithAllRights(
  "types: links in the folder are replaced, and their targets stay",
  () =>
    withApp(async (folder) => {
      const victim = join(folder, "..", "victim");
      await Deno.writeTextFile(victim, "mine");
      const types = join(folder, FOLDER, "flwr.d.ts");
      await Deno.remove(types);
      await Deno.symlink(victim, types);
      await writeEditorFiles(folder);
      assert.equal(await Deno.readTextFile(victim), "mine");
      assert.ok((await Deno.lstat(types)).isFile);
      await Deno.remove(join(folder, FOLDER), { recursive: true });
      await Deno.symlink(join(folder, ".."), join(folder, FOLDER));
      await assert.rejects(writeEditorFiles(folder), { code: "failed-precondition" });
    }),
);

testWithAllRights(
  "types: existing files of an app's folder are not changed",
  () =>
    withApp(async (folder) => {
      await Deno.writeTextFile(join(folder, "deno.json"), "{}");
      await Deno.writeTextFile(join(folder, "tsconfig.json"), "{}");
      assert.deepEqual(await writeEditorFiles(folder), []);
      assert.equal(await Deno.readTextFile(join(folder, "deno.json")), "{}");
      assert.equal(await denoSettings(folder), "other");
    }),
);

testWithAllRights(
  "types: the folder with this machine's paths is in no bundle and no repository",
  () =>
    withApp(async (folder) => {
      assert.equal(await Deno.readTextFile(join(folder, FOLDER, ".gitignore")), "*\n");
      for (const file of ["deno.json", "tsconfig.json"]) {
        const text = await Deno.readTextFile(join(folder, file));
        assert.ok(!/file:|"\//.test(text), `${file}: ${text}`);
      }
    }),
);
