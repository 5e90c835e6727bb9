import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { Engine, Run, RunResult } from "../engine/engine.ts";
import { SliceLength, SLICES_IN_FLIGHT } from "./slices.ts";
import { runSteps, type StepLoop } from "./step_loop.ts";

/** An engine whose runs return the number of their model, and that records the largest number of concurrent runs. */
class CountingEngine implements Engine {
  runs: string[] = [];
  underWay = 0;
  most = 0;
  failAt?: string;

  constructor(readonly secondsPerStep = 1e-4) {}

  async run({ model }: Run): Promise<RunResult> {
    this.runs.push(model);
    this.underWay++;
    this.most = Math.max(this.most, this.underWay);
    await Promise.resolve();
    this.underWay--;
    if (model === this.failAt) throw new FlwrError("internal", `Run ${model} failed`);
    const [from, count] = model.split(":").map(Number);
    const returned = [tensor("float32", [], Float32Array.of(from!))];
    return { returned, seconds: count! * this.secondsPerStep };
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

Deno.test("all steps run once, in order, some sent ahead", async () => {
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

Deno.test("inputs of the next steps are prepared while a run computes", async () => {
  const prepared: number[] = [];
  const taken: number[] = [];
  let finish = () => {};
  const engine = new CountingEngine();
  const compute = engine.run;
  engine.run = async (run) => {
    await new Promise<void>((resolve) => finish = resolve);
    return await compute.call(engine, run);
  };
  const loop = loopOf(engine, {
    steps: 3,
    length: { steps: 1, inFlight: 1, observe: () => {} },
    prepare: (next) => {
      assert.equal(taken.length, next - 1);
      prepared.push(next);
      finish();
    },
    onSlice: (from) => {
      taken.push(from);
      return true;
    },
  });
  assert.equal(await runSteps(loop), 3);
  assert.deepEqual(prepared, [1, 2, 3]);
});

Deno.test("a stopped loop counts the steps that were sent ahead: they have changed the parameters", async () => {
  const engine = new CountingEngine();
  const loop = loopOf(engine);
  const { onSlice } = loop;
  loop.onSlice = (from, count, results) => onSlice(from, count, results) && loop.taken.length < 2;
  const steps = await runSteps(loop);
  assert.ok(steps < 100);
  assert.equal(loop.taken.length, engine.runs.length);
  const [from, count] = engine.runs.at(-1)!.split(":").map(Number);
  assert.equal(steps, from! + count!);
  assert.equal(engine.underWay, 0);
});

/** An engine in one of whose steps the signal is aborted. */
class AbortedEngine extends CountingEngine {
  readonly abort = new AbortController();
  /** Duration and number of the steps that ran after the signal was aborted. */
  late = { seconds: 0, steps: 0 };
  #turn = Promise.resolve();

  constructor(secondsPerStep: number, readonly abortAfter: number) {
    super(secondsPerStep);
  }

  override run(run: Run): Promise<RunResult> {
    const [from, count] = run.model.split(":").map(Number) as [number, number];
    const done = this.#turn.then(() => {
      const overdue = Math.min(count, from + count - this.abortAfter);
      if (overdue >= 0 && !this.abort.signal.aborted) this.abort.abort();
      if (overdue > 0) {
        this.late.steps += overdue;
        this.late.seconds += overdue * this.secondsPerStep;
      }
    });
    this.#turn = done;
    return done.then(() => super.run(run));
  }

  get idle(): Promise<void> {
    return this.#turn;
  }
}

Deno.test("after an abort, at most 0.1 s of steps run, or the current one, whatever their duration", async () => {
  for (const secondsPerStep of [1e-5, 1e-3, 0.004, 0.02, 0.029, 0.031, 0.05, 0.2, 5]) {
    for (const abortAfter of [0, 1, 2, 3, 7, 40, 400]) {
      const engine = new AbortedEngine(secondsPerStep, abortAfter);
      const loop = loopOf(engine, { signal: engine.abort.signal, steps: 1e5 });
      await assert.rejects(runSteps(loop), /cancelled/);
      await engine.idle;
      const { seconds, steps } = engine.late;
      const where = `${steps} steps of ${secondsPerStep} s after step ${abortAfter}`;
      assert.ok(seconds <= 0.1 || steps <= 1, where);
    }
  }
});

Deno.test("an aborted loop does not wait for the current step", async () => {
  const engine = new CountingEngine();
  engine.run = () => new Promise(() => {});
  const abort = new AbortController();
  const cancelled = assert.rejects(runSteps(loopOf(engine, { signal: abort.signal })), (error) => {
    assert.ok(error instanceof FlwrError && error.code === "cancelled");
    assert.equal(error.cause, "enough");
    return true;
  });
  abort.abort("enough");
  await cancelled;
});

Deno.test("a loop with an aborted signal runs nothing", async () => {
  const engine = new CountingEngine();
  await assert.rejects(runSteps(loopOf(engine, { signal: AbortSignal.abort() })), /cancelled/);
  assert.deepEqual(engine.runs, []);
});

Deno.test("a run that fails ends the loop with its error", async () => {
  const engine = new CountingEngine();
  engine.failAt = "1:4";
  await assert.rejects(runSteps(loopOf(engine)), /Run 1:4 failed/);
  assert.equal(engine.underWay, 0);
});
