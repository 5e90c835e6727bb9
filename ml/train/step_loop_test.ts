import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Engine, Run } from "../session/engine.ts";
import { SLICES_IN_FLIGHT } from "./limits.ts";
import { SliceLength } from "./slices.ts";
import { runSteps, type StepLoop } from "./step_loop.ts";

/** An engine whose runs return the number of their model, and that remembers how many were under way at once. */
class CountingEngine implements Engine {
  runs: string[] = [];
  underWay = 0;
  most = 0;
  failAt?: string;

  async run({ model }: Run): Promise<Tensor[]> {
    this.runs.push(model);
    this.underWay++;
    this.most = Math.max(this.most, this.underWay);
    await Promise.resolve();
    this.underWay--;
    if (model === this.failAt) throw new FlwrError("internal", `Run ${model} failed`);
    return [tensor("float32", [], Float32Array.of(Number(model.split(":")[0])))];
  }

  useThreads = () => Promise.resolve();
  load = () => Promise.resolve();
  unload = () => Promise.resolve();
  write = () => Promise.resolve();
  forget = () => Promise.resolve();
  read = () => Promise.resolve([]);
  [Symbol.asyncDispose] = () => Promise.resolve();
}

function loopOf(engine: Engine, changes: Partial<StepLoop> = {}): StepLoop & { taken: number[] } {
  const taken: number[] = [];
  return {
    engine,
    clock: new FakeClock(),
    length: new SliceLength(),
    steps: 100,
    run: (from, count) => ({
      model: `${from}:${count}`,
      stored: [],
      given: [],
      kept: [],
      returned: [],
    }),
    onSlice: (from, _, [result]) => {
      assert.equal(result!.data[0], from);
      taken.push(from);
      return true;
    },
    taken,
    ...changes,
  };
}

Deno.test("all steps are run once, in order, some ahead of what is known", async () => {
  const engine = new CountingEngine();
  assert.equal(await runSteps(loopOf(engine)), 100);
  let next = 0;
  for (const [from, count] of engine.runs.map((run) => run.split(":").map(Number))) {
    assert.equal(from, next);
    next += count!;
  }
  assert.equal(next, 100);
  assert.equal(engine.most, SLICES_IN_FLIGHT);
});

Deno.test("the loop ends when it is told to, without taking what was ahead", async () => {
  const engine = new CountingEngine();
  const seen: number[] = [];
  const loop = loopOf(engine, {
    onSlice: (from) => {
      seen.push(from);
      return seen.length < 2;
    },
  });
  assert.equal(await runSteps(loop), 2);
  assert.deepEqual(seen, [0, 1]);
  assert.equal(engine.underWay, 0);
});

Deno.test("an aborted loop waits for what is under way and says it was cancelled", async () => {
  const engine = new CountingEngine();
  const abort = new AbortController();
  const loop = loopOf(engine, {
    signal: abort.signal,
    onSlice: () => {
      abort.abort();
      return true;
    },
  });
  await assert.rejects(runSteps(loop), (error) => {
    assert.ok(error instanceof FlwrError && error.code === "cancelled");
    return true;
  });
  assert.equal(engine.underWay, 0);
  assert.ok(engine.runs.length <= 1 + SLICES_IN_FLIGHT);
});

Deno.test("a run that fails ends the loop with its error", async () => {
  const engine = new CountingEngine();
  engine.failAt = "1:1";
  await assert.rejects(runSteps(loopOf(engine)), /Run 1:1 failed/);
  assert.equal(engine.underWay, 0);
});
