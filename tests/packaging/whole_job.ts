import assert from "node:assert/strict";
import { Credentials } from "../support/credentials.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { unpacksItself } from "./made_executable.ts";
import type { Site } from "./site.ts";

/** Rounds of the template that is run. */
const ROUNDS = 3;

/** A SuperLink on the site, with TLS and a list of keys. */
interface SuperLink {
  readonly credentials: Credentials;
  readonly http: string;
  readonly driver: string;
}

/** Makes keys and runs a SuperLink, which must end well. */
export async function withSuperLink(
  site: Site,
  body: (superlink: SuperLink) => Promise<void>,
): Promise<void> {
  const keys = await site.run(["keys", "generate", "2"]);
  assert.equal(keys.code, 0, keys.stderr);
  const credentials = new Credentials(site.folder);
  const process = site.start(
    "superlink",
    ...["superlink", "--port", "0", "--driver-api-address", "127.0.0.1:0"],
    ...["--database", ":memory:"],
    ...["--fleet-api-address", "127.0.0.1:0", "--control-api-address", "none"],
    ...credentials.superlinkFlags(),
  );
  await process.waitForLine(/SuperLink ready/);
  const address = (api: string) => {
    const pattern = RegExp(`${api} \\(TLS.* on (\\S+)$`);
    return process.lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])[0]!;
  };
  await body({ credentials, http: address("HTTP"), driver: address("Driver API") });
  assert.equal((await process.end("SIGINT")).code, 0);
}

/** Runs two SuperNodes, which must end well. @param app the app that they are started with */
async function withNodes(
  site: Site,
  { credentials, http }: SuperLink,
  app: readonly string[],
  body: () => Promise<void>,
): Promise<void> {
  const nodes = [1, 2].map((node): Process =>
    site.start(
      `supernode ${node}`,
      ...["supernode", ...app, "--superlink", http],
      ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
      ...credentials.supernodeFlags(node),
    )
  );
  await Promise.all(nodes.map((node) => node.waitForLine(/joined/)));
  await body();
  for (const node of nodes) assert.equal((await node.end("SIGINT")).code, 0, node.name);
}

/** Trains with a ServerApp and ClientApps on the disk, where nothing but the executable can say what "flwr" is. */
export async function trainFromDisk(site: Site, superlink: SuperLink): Promise<void> {
  for (const app of ["client.js", "server.js"]) {
    await Deno.copyFile(repositoryPath(`tests/packaging/apps/${app}`), `${site.folder}/${app}`);
  }
  await withNodes(site, superlink, ["client:app"], async () => {
    const run = site.start(
      "run",
      ...["run", "server:app", "--server", superlink.driver, "--json", "history.json"],
      ...["--root-certificates", superlink.credentials.caCertificate],
    );
    assert.equal((await run.ended(120)).code, 0);
    assert.match(run.stdoutLines.join("\n"), /round 2 +0\.9\d/);
    assert.ok((await Deno.stat(`${site.folder}/history.json`)).isFile);
  });
}

/** Submits an app of a template: its types are checked, and it runs in sandboxes of the SuperLink and the nodes. */
export async function trainSubmitted(site: Site, superlink: SuperLink): Promise<void> {
  const trust = ["--root-certificates", superlink.credentials.caCertificate];
  const command = ["run", "my-app", superlink.http, ...trust];
  assert.equal((await site.run(["new", "my-app", "--template", "cnn"])).code, 0);
  if (await unpacksItself(site.file)) await checkTypes(site, `${site.folder}/my-app`, command);
  await withNodes(site, superlink, [], async () => {
    const run = site.start("run my-app", ...command, "--stream");
    assert.equal((await run.ended(120)).code, 0);
    assert.equal(run.lines.join("\n").match(/2 results, 0 failures/g)?.length, 2 * ROUNDS);
  });
}

/** What needs the compiler, which an executable of `deno compile` does not have. */
async function checkTypes(site: Site, app: string, run: readonly string[]): Promise<void> {
  const types = await site.run(["types", app]);
  assert.equal(types.code, 0, types.stderr);
  const client = `${app}/client.ts`;
  const text = await Deno.readTextFile(client);
  await Deno.writeTextFile(client, `${text}\nexport const x: number = "text";\n`);
  const wrong = await site.run(run);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /TS2322/);
  await Deno.writeTextFile(client, text);
}
