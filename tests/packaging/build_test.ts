// The built program, whole: every module that something starts with is there, and a submitted run goes through.
import assert from "node:assert/strict";
import { builtFile } from "../../scripts/build/place.ts";
import { buildProgram, entryPoints } from "../../scripts/build/program.ts";
import { builtGlobalsFile } from "../../roles/cli/apps/types/installation.ts";
import { connectionToml } from "../support/flower.ts";
import { EVENTS, joined, superLinkReady } from "../support/flwr.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";

const ROUNDS = 3;

scenario("the build has what each thread, process and command starts with", async () => {
  const build = await buildProgram(repositoryPath(""));
  const modules = await entryPoints(repositoryPath(""));
  assert.ok(modules.length > 20, `${modules}`);
  for (const module of modules) {
    const text = await Deno.readTextFile(`${build}/${builtFile(module)}`);
    for (const [, file] of text.matchAll(/new URL\("(\.\/[^"]+\.js)"/g)) {
      assert.ok((await Deno.stat(`${build}/${file}`)).isFile, `${file} of ${module}`);
    }
  }
  const built: Record<string, unknown> = await import(`file://${build}/${builtFile("mod.ts")}`);
  const library: Record<string, unknown> = await import("../../mod.ts");
  assert.deepEqual(Object.keys(built).toSorted(), Object.keys(library).toSorted());
  const classes = Object.entries(library).filter(([, value]) =>
    typeof value === "function" && /^class\b/.test(String(value))
  );
  assert.ok(classes.length > 10);
  for (const [name] of classes) {
    assert.equal((built[name] as { name: string }).name, name, "classes keep their names");
  }
  assert.equal(await buildProgram(repositoryPath("")), build, "the same sources, the same build");
  const config = JSON.parse(await Deno.readTextFile(`${build}/deno.json`));
  assert.equal(config.imports.flwr, `./${builtFile("mod.ts")}`);
  const resolving = `${build}/resolving.js`;
  await Deno.writeTextFile(
    resolving,
    'console.log(import.meta.resolve("typescript-native/package.json"))',
  );
  const resolved = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", `${build}/deno.json`, resolving],
  }).output();
  await Deno.remove(resolving);
  const compiler = new TextDecoder().decode(resolved.stdout).trim();
  assert.ok((await Deno.stat(new URL(compiler))).isFile, "the compiler that checks an app's types");
  const globals = `roles/cli/apps/types/public/${builtGlobalsFile(Deno.version.deno)}`;
  assert.match(await Deno.readTextFile(`${build}/${globals}`), /declare namespace Deno/);
  const template = "roles/cli/apps/new/templates/minimal/client.ts";
  assert.equal(
    await Deno.readTextFile(`${build}/${template}`),
    await Deno.readTextFile(repositoryPath(template)),
  );
});

scenario(
  "the built program runs a submitted app, in sandboxes, and an app of the node",
  async (stage) => {
    const build = await buildProgram(repositoryPath(""));
    const flwr = (name: string, ...args: string[]): Process =>
      stage.start({
        name,
        command: Deno.execPath(),
        args: [
          ...["run", "-A", "--quiet", "--node-modules-dir=manual"],
          ...["--config", `${build}/deno.json`, `${build}/main.js`, ...args],
        ],
        cwd: stage.folder.path,
        env: { FLWR_HOME: stage.path(name) },
      });
    assert.equal((await flwr("new", "new", "app", "--template", "cnn").ended()).code, 0);
    const server = stage.path("app/server.ts");
    await Deno.writeTextFile(
      server,
      `${await Deno.readTextFile(server)}
const read = Deno.readTextFile(${JSON.stringify(`${build}/main.js`)});
console.log("reading the program: " + await read.then(() => "done", (error) => error.name));
`,
    );
    const superlink = flwr(
      "superlink",
      ...["superlink", "--insecure", "--port", "0", "--driver-api-address", "none"],
      ...["--database", ":memory:", "--dashboard", "127.0.0.1:0"],
      ...["--fleet-api-address", "none", "--control-api-address", "none", ...EVENTS],
    );
    const http = (await superLinkReady(superlink))("http");
    const [, dashboard] = await superlink.waitForLine(/^Dashboard: (.*)#token=/);
    const script = await fetch(`${dashboard}page.js`);
    assert.deepEqual([script.status, (await script.text()).length > 50_000], [200, true]);
    const nodes = [[], ["app/client.ts:app"]].map((app, partition) =>
      flwr(
        `supernode-${partition}`,
        ...["supernode", ...app, "--insecure", "--superlink", http],
        ...["--node-config", `partition-id=${partition} num-partitions=2`],
        ...EVENTS,
      )
    );
    await Promise.all(nodes.map(joined));
    await Deno.mkdir(stage.path("run"));
    await Deno.writeTextFile(stage.path("run/config.toml"), connectionToml(http));
    const run = flwr("run", "run", "app", "here", "--stream");
    assert.equal((await run.ended(60)).code, 0);
    const log = run.lines.join("\n");
    assert.match(log, /reading the program: NotCapable/);
    assert.match(log, new RegExp(`Run finished ${ROUNDS} rounds`));
    assert.equal(log.match(/2 results, 0 failures/g)?.length, 2 * ROUNDS);
    for (const process of [...nodes, superlink]) {
      assert.equal((await process.end("SIGINT")).code, 0, process.name);
    }
  },
);
