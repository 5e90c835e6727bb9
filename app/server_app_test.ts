import assert from "node:assert/strict";
import { RunArtifacts } from "./artifacts.ts";
import { RunCheckpoints } from "./checkpoint/run_checkpoints.ts";
import { MemoryCheckpoints } from "./checkpoint/testing/memory_checkpoints.ts";
import { ConfigRecord } from "./config_record.ts";
import { FakeDriver } from "./fake_driver.ts";
import { Grid } from "./grid.ts";
import { RecordDict } from "./record_dict.ts";
import { isServerApp, ServerApp } from "./server_app.ts";

const grid = new Grid(new FakeDriver([], () => undefined), 7n);
const context = {
  runId: 7n,
  nodeId: 1n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord({ "num-rounds": 5 }),
  artifacts: new RunArtifacts({ save: () => Promise.resolve(true) }),
  checkpoint: new RunCheckpoints(new MemoryCheckpoints()).own,
};

Deno.test("a ServerApp runs its main with the grid and the context", async () => {
  let seen: unknown[] = [];
  const app = new ServerApp().main((grid, { runConfig }) => {
    seen = [grid, runConfig.number("num-rounds")];
  });
  await app.run(grid, context);
  assert.deepEqual(seen, [grid, 5]);
  assert.equal(isServerApp(app), true);
  assert.equal(isServerApp(new Map()), false);
});

Deno.test("an error of main is thrown", async () => {
  const app = new ServerApp().main(() => Promise.reject(new Error("boom")));
  await assert.rejects(app.run(grid, context), { message: "boom" });
});

Deno.test("a ServerApp has exactly one main", async () => {
  await assert.rejects(new ServerApp().run(grid, context), /ServerApp has no main/);
  assert.throws(() => new ServerApp().main(() => {}).main(() => {}), /already has a main/);
  assert.throws(
    () => new ServerApp().main(5 as unknown as () => void),
    /must be a function: got number/,
  );
});
