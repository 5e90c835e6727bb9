/** An app with a file that is too large for its bundle: sent with `flwr run`, read by the ServerApp and all nodes. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { scenario } from "../support/stage.ts";
import { flwr, writeConfig } from "./cli/command.ts";

/** More than a bundle may have, in three pieces. */
const SIZE = 10 * 1024 * 1024 + 7;

/** Says where it is read what is in it: a sum that depends on every place. */
const CHECK = `
import { createHash } from "node:crypto";
const bytes = Deno.readFileSync(new URL("./models/large.onnx", import.meta.url));
console.log("attached", bytes.length, createHash("sha256").update(bytes).digest("hex"));
`;

scenario("a file of more than 10 MiB reaches the ServerApp and the nodes, once", async (stage) => {
  const home = stage.folder.path;
  const { http, process: superLink } = await startSuperLink({ stage });
  await writeConfig(home, `address = "${http}"`, "insecure = true");
  const nodes = [1, 2].map((node) =>
    startFlwr(stage, `supernode ${node}`, [
      ...["supernode", "--superlink", http, "--insecure"],
      ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
    ], { FLWR_HOME: `${home}/node-${node}` })
  );
  await Promise.all(nodes.map(joined));
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  await Deno.mkdir(`${home}/my-app/models`);
  const bytes = Uint8Array.from({ length: SIZE }, (_, place) => (place * 31) ^ (place >> 9));
  await Deno.writeFile(`${home}/my-app/models/large.onnx`, bytes);
  for (const file of ["server.ts", "client.ts"]) {
    const path = `${home}/my-app/${file}`;
    await Deno.writeTextFile(path, await Deno.readTextFile(path) + CHECK);
  }
  /** How many attachments each node got, "downloaded" or "already here". */
  const attached = (origin: string) =>
    nodes.map(({ records }) =>
      records.filter(({ event, fields }) =>
        event === "attachment-ready" && fields["path"] === "models/large.onnx" &&
        fields["origin"] === origin
      ).length
    );
  const run = async () => {
    const done = await flwr(home, ["run", "my-app", "--stream", "-c", "num-rounds=1"]);
    assert.equal(done.code, 0, done.stderr + done.stdout);
    assert.match(done.stdout, new RegExp(`attached ${SIZE} [0-9a-f]{64}`));
    return done.stderr;
  };

  assert.match(await run(), /Sent attachment models\/large\.onnx/);
  assert.deepEqual(attached("downloaded"), [1, 1]);

  // The same app again: nobody sends or fetches anything.
  assert.match(await run(), /already has attachment models\/large\.onnx/);
  // Its next version, after a restart of the nodes' app: the model is the same.
  const manifest = `${home}/my-app/flwr.toml`;
  const text = await Deno.readTextFile(manifest);
  await Deno.writeTextFile(manifest, text.replace(/^version = .*$/m, 'version = "1.0.1"'));
  assert.match(await run(), /already has attachment models\/large\.onnx/);
  assert.deepEqual(attached("downloaded"), [1, 1]);
  assert.deepEqual(attached("already here"), [1, 1]);

  // Both versions and the kept file are one on the disk.
  const kept = `${home}/node-1/attachments`;
  const [name, ...others] = readdirSync(kept);
  assert.deepEqual(others, []);
  assert.equal(statSync(`${kept}/${name}`).nlink, 3);

  const sums = (lines: readonly string[]) =>
    new Set(lines.flatMap((line) => /attached \d+ ([0-9a-f]{64})/.exec(line)?.[1] ?? []));
  for (const { lines } of nodes) assert.deepEqual([...sums(lines)], [name]);
  assert.ok(!superLink.lines.some((line) => /error/i.test(line)));
});

scenario("flwr build and flwr install say what is not in the bundle", async (stage) => {
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  await Deno.writeFile(`${home}/my-app/large.onnx`, new Uint8Array(SIZE));
  const built = await flwr(home, ["build", "--app", "my-app", "--format", "json"]);
  assert.equal(built.code, 0, built.stderr);
  assert.match(built.stderr, /as an attachment: large\.onnx/);
  const { attachments, ...fab } = JSON.parse(built.stdout);
  assert.deepEqual(attachments.map(({ path, size }: Record<string, unknown>) => [path, size]), [
    ["large.onnx", SIZE],
  ]);
  const installed = await flwr(home, ["install", fab["fab-filename"], "--format", "json"]);
  assert.equal(installed.code, 0, installed.stderr);
  assert.match(installed.stderr, /large\.onnx .* was not installed/);
  assert.deepEqual(JSON.parse(installed.stdout)["not-installed"], ["large.onnx"]);
});
