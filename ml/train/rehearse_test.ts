import assert from "node:assert/strict";
import type { NamedTensor, Run, RunResult } from "../engine/engine.ts";
import { IdleEngine, rehearse } from "./rehearse.ts";

/** Records the calls. */
class NotingEngine extends IdleEngine {
  readonly loaded: string[] = [];
  readonly runs: Run[] = [];
  readonly written: string[] = [];
  disposed = 0;

  override load(key?: string, model?: Uint8Array): Promise<void> {
    assert.ok(model !== undefined && model.length > 0);
    this.loaded.push(key!);
    return super.load();
  }

  override write(tensors: readonly NamedTensor[]): Promise<void> {
    this.written.push(...tensors.map(([name]) => name));
    return super.write(tensors);
  }

  override run(run: Run): Promise<RunResult> {
    assert.ok(this.loaded.includes(run.model), run.model);
    this.runs.push(run);
    return super.run(run);
  }

  override [Symbol.asyncDispose](): Promise<void> {
    this.disposed += 1;
    return super[Symbol.asyncDispose]();
  }
}

Deno.test("a rehearsal runs training and evaluation, and leaves nothing behind", async () => {
  const engine = new NotingEngine();
  await rehearse(engine);
  const weights = ["a.weight", "a.bias", "b.weight", "b.bias"];
  for (const name of weights) assert.ok(engine.written.includes(name), name);
  const runs = engine.runs.map(({ model, kept, returned }) => ({
    kind: model.split(":")[0],
    kept: kept.map(([, name]) => name).filter((name) => weights.includes(name)),
    returned: returned.length,
  }));
  assert.deepEqual(runs, [
    { kind: "train", kept: weights, returned: 1 },
    { kind: "evaluate", kept: [], returned: 2 },
  ]);
  assert.equal(engine.disposed, 1);
});

Deno.test("a rehearsal needs no engine", async () => {
  await rehearse();
});
