/** From an empty folder to a finished run, as a user types it: TLS, registered nodes, an app that is sent to them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readZip } from "../../../fab/read_zip.ts";
import { decodeNpz } from "../../../tensor/npz.ts";
import { Credentials, makeCredentials } from "../../support/credentials.ts";
import { joined, startFlwr, startSuperLink } from "../../support/flwr.ts";
import { scenario } from "../../support/stage.ts";
import { flwr, writeConfig } from "./command.ts";

/** Keys that become known by `flwr supernode register` alone. */
class RegisteredKeys extends Credentials {
  override superlinkFlags(): string[] {
    return [...this.serverFlags(), "--enable-supernode-auth"];
  }
}

scenario("cli: keys, nodes, an app, its run, and the end of all of them", async (stage) => {
  const home = stage.folder.path;
  const { folder, caCertificate } = await makeCredentials(home, 2);
  const credentials = new RegisteredKeys(folder);
  const audit = `${home}/audit.log`;
  const { http } = await startSuperLink({ stage, credentials, flags: ["--audit-log", audit] });
  await writeConfig(home, `address = "${http}"`, `root-certificates = "${caCertificate}"`);
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await flwr(home, [...args, "--format", "json"]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };

  const ids: string[] = [];
  for (const node of [1, 2]) {
    const key = credentials.nodePublicKey(node);
    ids.push((await json("supernode", "register", key, "--name", `node-${node}`))["node-id"]);
    const process = startFlwr(stage, `supernode ${node}`, [
      ...["supernode", "--superlink", http, "--root-certificates", caCertificate],
      ...["--auth-supernode-private-key", credentials.nodePrivateKey(node)],
      ...["--node-config", `partition-id=${node - 1} num-partitions=2`],
    ], { FLWR_HOME: `${home}/node-${node}` });
    await joined(process);
  }
  const { nodes } = await json("supernode", "list");
  assert.deepEqual(
    nodes.map((node: Record<string, unknown>) => [node["node-id"], node["name"], node["status"]]),
    ids.map((id, index) => [id, `node-${index + 1}`, "online"]),
  );
  const taken = await flwr(home, ["supernode", "register", credentials.nodePublicKey(1)]);
  assert.deepEqual([taken.code, /\[code: 23\]/.test(taken.stderr)], [1, true]);

  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const server = `${home}/my-app/server.ts`;
  const told = `console.log("ended with", JSON.stringify(
      [...arrays.tensors()].map(([name, { data }]) => [name, [...data]])));
    await artifacts.save(`;
  const text = await Deno.readTextFile(server);
  await Deno.writeTextFile(server, text.replace("await artifacts.save(", told));
  const run = await flwr(home, ["run", "my-app", "--stream", "-c", "num-rounds=2"]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /\[ROUND 2\/2\]/);
  const [finished] = (await json("ls")).runs;
  assert.deepEqual([finished.status, finished["fab-id"]], ["finished:completed", "tester/my-app"]);
  assert.ok(finished["compute-time"]["clientapp-seconds"] > 0);
  const over = await flwr(home, ["stop", finished["run-id"]]);
  assert.deepEqual([over.code, /\[code: 18\]/.test(over.stderr)], [1, true]);
  const log = await flwr(home, ["log", finished["run-id"], "--show"]);
  assert.match(log.stdout, /\[ROUND 1\/2\][^]*\[ROUND 2\/2\]/);

  // What the run saved is what its strategy ended with.
  const ended = JSON.parse(/^.*Z ended with (.*)$/m.exec(log.stdout)![1]!);
  const id = finished["run-id"];
  const output = `${home}/pulled`;
  const pulled = await json("pull", id, "--output", output);
  const model = await Deno.readFile(`${output}/model.npz`);
  const history = await Deno.readFile(`${output}/history.json`);
  const listed = (name: string, bytes: Uint8Array) => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { name, size: bytes.length, sha256 };
  };
  assert.deepEqual(pulled, {
    success: true,
    "run-id": id,
    folder: output,
    artifacts: [listed("history.json", history), listed("model.npz", model)],
  });
  const { success, "run-id": of, strategies } = JSON.parse(new TextDecoder().decode(history));
  assert.deepEqual([success, of, strategies.length], [true, id, 1]);
  assert.deepEqual(strategies[0].rounds.map(({ round }: { round: number }) => round), [1, 2]);
  const values = [...decodeNpz(model)].map(([name, { data }]) => [name, [...data]]);
  assert.deepEqual(values, ended);
  const again = await flwr(home, ["pull", id, "--output", output]);
  assert.deepEqual([again.code, /pulled" is not empty/.test(again.stderr)], [1, true]);
  await Deno.writeTextFile(`${output}/model.npz`, "old");
  await Deno.writeTextFile(`${output}/other`, "mine");
  await json("pull", id, "--output", output, "--force");
  assert.deepEqual(await Deno.readFile(`${output}/model.npz`), model);
  assert.equal(await Deno.readTextFile(`${output}/other`), "mine");
  const { url } = await json("pull", id, "--url-only");
  assert.match(url, new RegExp(`^https://${http}/artifacts/[0-9a-f]{64}/run-${id}\\.zip$`));
  const fetcher = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caCertificate)] });
  const archive = await fetch(url, { client: fetcher });
  const files = readZip(new Uint8Array(await archive.arrayBuffer()));
  fetcher.close();
  assert.deepEqual([...files], [["history.json", history], ["model.npz", model]]);

  // This one waits for a third node.
  const waiting = await json("run", "my-app", "-c", "min-nodes=3");
  const early = await flwr(home, ["pull", waiting["run-id"]]);
  assert.deepEqual([early.code, /has not finished/.test(early.stderr)], [1, true]);
  const stopped = await json("stop", waiting["run-id"]);
  assert.deepEqual(stopped, { success: true, "run-id": waiting["run-id"] });
  const nothing = await flwr(home, ["pull", waiting["run-id"]]);
  assert.deepEqual([nothing.code, /has saved no artifacts/.test(nothing.stderr)], [1, true]);
  const { runs } = await json("ls", "--run-id", waiting["run-id"]);
  assert.equal(runs[0].status, "finished:stopped");

  const [federation] = (await json("federation", "list")).federations;
  const shown = (await json("federation", "list", "--federation", federation.id)).federation;
  assert.deepEqual([shown.nodes.length, shown.runs.length], [2, 2]);
  await json("supernode", "unregister", ids[0]!);
  const left = await flwr(home, ["supernode", "ls"]);
  assert.ok(left.stdout.includes(ids[1]!) && !left.stdout.includes(ids[0]!));
  const all = await flwr(home, ["supernode", "ls", "--verbose"]);
  assert.match(all.stdout, new RegExp(`${ids[0]} .*unregistered`));

  const { records } = await json("audit", "verify", audit);
  const acts = (await Deno.readTextFile(audit)).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(acts.length, records);
  const outcomes = (action: string) =>
    acts.filter(({ event, status }) => event.action === action && status !== "started")
      .map(({ status, error, event }) => error ?? `${status} ${event.run_id ?? event.node_id}`);
  assert.deepEqual(outcomes("ControlServicer.RegisterNode"), [
    ...ids.map((id) => `completed ${id}`),
    "public-key-in-use",
  ]);
  // An unregistered node tries to join again.
  const joins = outcomes("FleetServicer.ActivateNode")
    .filter((outcome) => outcome !== "public-key-invalid");
  assert.deepEqual(joins, ids.map((id) => `completed ${id}`));
  assert.deepEqual(outcomes("ControlServicer.StartRun"), [
    `completed ${id}`,
    `completed ${waiting["run-id"]}`,
  ]);
  const bundles = acts.filter(({ event }) => event.action === "ControlServicer.StartRun")
    .map(({ event }) => event.fab_hash);
  assert.equal(new Set(bundles).size, 1);
  assert.match(bundles[0], /^[0-9a-f]{64}$/);
  assert.deepEqual(outcomes("ControlServicer.StopRun"), [
    "run-already-finished",
    `completed ${waiting["run-id"]}`,
  ]);
  // Without --audit-log-fleet-calls, only refused pulls are recorded.
  const pulls = new Set(outcomes("FleetServicer.PullMessages"));
  assert.ok(pulls.isSubsetOf(new Set(["unauthenticated"])), [...pulls].join());
});
