import assert from "node:assert/strict";
import { join } from "node:path";
import { isClientApp } from "../../../../app/client_app.ts";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { RunArtifacts } from "../../../../app/artifacts.ts";
import { RunCheckpoints } from "../../../../app/checkpoint/run_checkpoints.ts";
import { MemoryCheckpoints } from "../../../../app/checkpoint/testing/memory_checkpoints.ts";
import type { Context } from "../../../../app/context.ts";
import { FakeDriver } from "../../../../app/fake_driver.ts";
import { Grid } from "../../../../app/grid.ts";
import { SUPERLINK_NODE_ID } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { isServerApp } from "../../../../app/server_app.ts";
import { buildFab } from "../../../../fab/build/build.ts";
import { installFab } from "../../../../fab/install.ts";
import { readFab } from "../../../../fab/read.ts";
import { toConfigRecord } from "../../../../fab/scalar.ts";
import { findAppModule } from "../../../../hosting/app/app_module.ts";
import { importApp } from "../../../../hosting/app/import_app.ts";
import { createApp } from "./create_app.ts";
import { TEMPLATES } from "./template.ts";
import { testWithAllRights } from "../../../../base/testing/all_rights.ts";
import { inTemporaryFolder } from "../../../../base/testing/temporary_folder.ts";

const plan = (parent: string, template = "minimal") => ({
  name: "my-app",
  publisher: "tester",
  template: TEMPLATES[template]!,
  parent,
});

Deno.test("new: every file in a template's folder belongs to the template", async () => {
  for (const [name, { files }] of Object.entries(TEMPLATES)) {
    const there = await Array.fromAsync(
      Deno.readDir(new URL(`./templates/${name}`, import.meta.url)),
    );
    const own = Object.values(files).filter((file) => file.startsWith(`${name}/`));
    assert.deepEqual(there.map((entry) => `${name}/${entry.name}`).toSorted(), own.toSorted());
  }
});

for (const template of Object.keys(TEMPLATES)) {
  testWithAllRights(
    `new: the app "${template}" is built, installed anywhere, and learns`,
    () =>
      inTemporaryFolder(async (parent) => {
        const { folder } = await createApp(plan(parent, template));
        const fab = await buildFab(folder);
        assert.deepEqual(fab.warnings, []);
        assert.equal(fab.config.fabId, "tester/my-app");
        assert.equal(fab.config.language, "typescript");
        const app = await installFab(readFab(fab.content), join(parent, "home"));
        assert.ok(!fab.config.name.includes("{"));
        const losses = await simulate(app.folder, toConfigRecord(app.config.config));
        assert.equal(losses.length, 2 * 3, "two nodes evaluate in each of three rounds");
        assert.ok(losses.at(-1)! < 0.7 * losses[0]!, `losses fall: ${losses}`);
      }),
  );
}

/** Runs an app's two components without a SuperLink. Returns the losses that its nodes measured. */
async function simulate(folder: string, runConfig: ConfigRecord): Promise<number[]> {
  const [server, client] = await Promise.all([
    importApp(await findAppModule("server:app", folder), isServerApp, "ServerApp"),
    importApp(await findAppModule("client:app", folder), isClientApp, "ClientApp"),
  ]);
  const losses: number[] = [];
  const context = (nodeId: bigint, nodeConfig = new ConfigRecord()): Context => ({
    runId: 7n,
    nodeId,
    nodeConfig,
    state: new RecordDict(),
    runConfig,
  });
  let busy = Promise.resolve<unknown>(undefined); // an app handles one message at a time
  const driver = new FakeDriver([5n, 6n], (instruction) => {
    const { dstNodeId } = instruction.metadata;
    const nodeConfig = new ConfigRecord({ "partition-id": dstNodeId - 5n, "num-partitions": 2 });
    const reply = busy.then(async () => {
      const answer = await client.handle(instruction, context(dstNodeId, nodeConfig));
      if (instruction.metadata.messageType === "evaluate") {
        losses.push(answer.content.metricRecord("metrics").number("loss"));
      }
      return answer;
    });
    busy = reply;
    return reply;
  });
  const saved: string[] = [];
  const save = (name: string) => Promise.resolve(saved.push(name) > 0);
  const artifacts = new RunArtifacts({ save });
  const checkpoint = new RunCheckpoints(new MemoryCheckpoints()).own;
  const serverContext = { ...context(SUPERLINK_NODE_ID), artifacts, checkpoint };
  await server.run(new Grid(driver, 7n), serverContext);
  assert.deepEqual(saved, ["model.npz"]);
  return losses;
}

testWithAllRights(
  "new: existing files are not overwritten",
  () =>
    inTemporaryFolder(async (parent) => {
      await createApp(plan(parent));
      await Deno.writeTextFile(join(parent, "my-app/server.ts"), "mine");
      await assert.rejects(createApp(plan(parent)), {
        code: "already-exists",
      });
      assert.equal(await Deno.readTextFile(join(parent, "my-app/server.ts")), "mine");
    }),
);

Deno.test("new: an invalid name or publisher is refused, and no folder is created", () =>
  inTemporaryFolder(async (parent) => {
    for (const name of ["", "../x", "my_app", "7", "a/b", "a".repeat(33)]) {
      await assert.rejects(createApp({ ...plan(parent), name }), {
        code: "invalid-argument",
        message: /^The app's name /,
      });
    }
    await assert.rejects(createApp({ ...plan(parent), publisher: "../x" }), {
      code: "invalid-argument",
      message: /^The publisher /,
    });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(parent)), []);
  }));
