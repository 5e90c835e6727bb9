// The installed commands, as a user calls them: from another folder, by paths that shells find hard.
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { makeCredentials } from "../support/credentials.ts";
import { EVENTS, joined, superLinkReady } from "../support/flwr.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";
import { runCommand, runScript } from "./command.ts";

/** A folder name with all that a shell could read as something else. */
const HARD_NAME = `it's "my" $HOME & bin; %PATH%`;

/** The apps of the example, in the shape in which they lie there. */
const APPS = repositoryPath("tests/interop/apps/typescript");

async function install(stage: Stage): Promise<(name: string) => string> {
  const bin = stage.path(HARD_NAME);
  const { code, stdout, stderr } = await runScript("scripts/install.ts", ["--bin-dir", bin]);
  assert.equal(code, 0, stderr);
  const names = ["flwr", "flower-superlink", "flower-supernode", "flower-client-app"]
    .concat("flower-server-app");
  assert.deepEqual(stdout.trim().split("\n"), names.map((name) => `${bin}/${name}`));
  assert.match(stderr, /is not on the PATH/);
  return (name) => `${bin}/${name}`;
}

scenario("installed commands tell their version and help from any folder", async (stage) => {
  const command = await install(stage);
  const cwd = stage.folder.path;
  const version = await runCommand(command("flwr"), ["--version"], { cwd });
  assert.deepEqual(version, { code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  for (
    const [name, usage] of [
      ["flower-superlink", "flwr superlink [options]"],
      ["flower-supernode", "flwr supernode [options] [command] [client-app]"],
      ["flower-client-app", "flwr supernode [options] [command] [client-app]"],
      ["flower-server-app", "flwr run [options] [app] [superlink]"],
    ] as const
  ) {
    const help = await runCommand(command(name), ["--help"], { cwd });
    assert.equal(help.code, 0);
    assert.ok(help.stdout.startsWith(`Usage: ${usage}\n`), help.stdout);
  }
}, { ignore: Deno.build.os === "windows" });

scenario("arguments reach the program as they were given", async (stage) => {
  const command = await install(stage);
  const spec = `no such "module" $x 'y' *:app`;
  const { code, stdout, stderr } = await runCommand(
    command("flower-server-app"),
    [spec, "--insecure", "--dir", stage.folder.path],
    { cwd: stage.folder.path },
  );
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.ok(stderr.includes(`App "${spec}" was not found in "${stage.folder.path}"`), stderr);
}, { ignore: Deno.build.os === "windows" });

scenario("the command lines of Flower's example do its job", async (stage) => {
  const command = await install(stage);
  const { folder } = await makeCredentials(stage.folder.path);
  const start = (name: string, line: string, cwd = folder): Process =>
    stage.start({ name, command: command(name), args: line.trim().split(/\s+/), cwd });
  const superlink = start(
    "flower-superlink",
    `--ssl-ca-certfile certificates/ca.crt --ssl-certfile certificates/server.pem
     --ssl-keyfile certificates/server.key --auth-list-public-keys keys/client_public_keys.csv
     --auth-superlink-private-key keys/server_credentials
     --auth-superlink-public-key keys/server_credentials.pub
     --fleet-api-type grpc-rere --fleet-api-address 127.0.0.1:0 --driver-api-address 127.0.0.1:0
     --port 0 --control-api-address none ${EVENTS.join(" ")}`,
  );
  const addressOf = await superLinkReady(superlink);
  const [driver, fleet] = ["driver", "fleet"].map(addressOf);
  const listening = superlink.records.filter(({ event }) => event === "listening");
  assert.deepEqual(
    listening.map(({ fields }) => [fields["api"], fields["tls"]]).toSorted(),
    [["driver", "TLS"], ["fleet", "TLS"], ["http", "TLS"]],
  );
  const nodes = [1, 2].map((node) =>
    start(
      "flower-client-app",
      `client:app --root-certificates ${folder}/certificates/ca.crt --server ${fleet}
       --auth-supernode-private-key ${folder}/keys/client_credentials_${node}
       --auth-supernode-public-key ${folder}/keys/client_credentials_${node}.pub
       --node-config partition-id=${node - 1} ${EVENTS.join(" ")}`,
      APPS,
    )
  );
  await Promise.all(nodes.map(joined));
  const result = stage.path("result.json");
  const run = start(
    "flower-server-app",
    `server:app --root-certificates ${folder}/certificates/ca.crt --dir ./ --server ${driver}
     --artifacts ${stage.path("run")} --run-config result="${result}"`,
    APPS,
  );
  assert.equal((await run.ended(60)).code, 0);
  assert.ok((await Deno.stat(result)).isFile);
  // The launcher gave its place to the program, so that signals to it arrive there.
  for (const process of [...nodes, superlink]) {
    assert.equal((await process.end("SIGINT")).code, 0, process.name);
  }
}, { ignore: Deno.build.os === "windows" });

scenario("a bin folder that cannot be made is named", async (stage) => {
  const file = stage.path("file");
  await Deno.writeTextFile(file, "");
  const { code, stdout, stderr } = await runScript("scripts/install.ts", [
    "--bin-dir",
    `${file}/x`,
  ]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^Error: Folder ".*\/file\/x"[^\n]*\n {2}Hint: .*--bin-dir\n$/);
});
