/**
 * The one executable, whole: it makes keys, and trains an app that lies on the disk. Making it takes a denort that not
 * every machine can have, so the test is for one that is there: FLWR_EXECUTABLE=dist/flwr deno task test tests/packaging
 */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { EVENTS, joined, startSuperLink } from "../support/flwr.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";
import { runCommand } from "./command.ts";

const given = Deno.env.get("FLWR_EXECUTABLE");
const executable = resolve(given ?? "");
const ignore = given === undefined;

scenario("the executable tells its version and commands and makes keys", async (stage) => {
  const cwd = stage.folder.path;
  const version = await runCommand(executable, ["--version"], { cwd });
  assert.deepEqual(version, { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  for (const command of ["superlink", "supernode", "run", "keys"]) {
    const { code, stdout } = await runCommand(executable, [command, "--help"], { cwd });
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`Usage: flwr ${command} `), stdout);
  }
  const keys = await runCommand(executable, ["keys", "generate", "1"], { cwd });
  assert.equal(keys.code, 0, keys.stderr);
  assert.ok((await Deno.stat(stage.path("certificates/server.pem"))).isFile);
  assert.ok((await Deno.stat(stage.path("keys/client_credentials_1"))).isFile);
}, { ignore });

scenario("the executable trains an app from the disk, with its own ONNX Runtime", async (stage) => {
  const { driver, fleet } = await startSuperLink({ stage });
  // Outside the repository, where nothing but the executable can say what "flwr" is.
  for (const file of ["client.js", "server.js"]) {
    await Deno.copyFile(repositoryPath(`tests/packaging/apps/${file}`), stage.path(file));
  }
  const start = (name: string, ...args: string[]) =>
    stage.start({
      name,
      command: executable,
      args: [...args, "--insecure"],
      cwd: stage.folder.path,
      env: { FLWR_CACHE: stage.path("cache") },
    });
  const node = start("supernode", "supernode", "client:app", "--server", fleet, ...EVENTS);
  await joined(node);
  const json = stage.path("history.json");
  const run = start("run", "run", "server:app", "--server", driver, "--json", json);
  assert.equal((await run.ended(60)).code, 0);
  assert.match(run.stdoutLines.join("\n"), /round 2 +0\.9\d/);
  assert.ok((await Deno.stat(json)).isFile);
  const cached = await Array.fromAsync(Deno.readDir(stage.path("cache/onnxruntime")));
  assert.equal(cached.length, 1, "the embedded library is what was used");
  assert.equal((await node.end("SIGINT")).code, 0);
}, { ignore });
