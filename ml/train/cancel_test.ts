import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { dense } from "../nn/dense.ts";
import { crossEntropy } from "../nn/loss.ts";
import { sgd } from "../nn/sgd.ts";
import type { Engine, NamedTensor, Run } from "../engine/engine.ts";
import { LocalEngine } from "../session/local_engine.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { Model } from "./model.ts";

type Method = "load" | "write" | "read" | "run";

/** An engine that can be held at any method: a held call starts only when it is released. */
class HeldEngine implements Engine {
  readonly #inner: LocalEngine;
  #held?: Method;
  #reached = Promise.withResolvers<void>();
  #release = Promise.withResolvers<void>();

  private constructor(inner: LocalEngine) {
    this.#inner = inner;
  }

  static async create(): Promise<HeldEngine> {
    return new HeldEngine(await LocalEngine.create(1));
  }

  /** Holds the next call of a method; the promise resolves when the call is made. */
  hold(method: Method): Promise<void> {
    this.#held = method;
    this.#reached = Promise.withResolvers();
    this.#release = Promise.withResolvers();
    return this.#reached.promise;
  }

  letGo(): void {
    this.#held = undefined;
    this.#release.resolve();
  }

  load = (key: string, model: Uint8Array) => this.#pass("load", () => this.#inner.load(key, model));
  write = (tensors: readonly NamedTensor[]) =>
    this.#pass("write", () => this.#inner.write(tensors));
  read = (names: readonly string[]) => this.#pass("read", () => this.#inner.read(names));
  run = (run: Run) => this.#pass("run", () => this.#inner.run(run));
  useThreads = (threads: number) => this.#inner.useThreads(threads);
  unload = (key: string) => this.#inner.unload(key);
  forget = (names: readonly string[]) => this.#inner.forget(names);
  [Symbol.asyncDispose] = () => this.#inner[Symbol.asyncDispose]();

  async #pass<T>(method: Method, call: () => Promise<T>): Promise<T> {
    if (this.#held === method) {
      this.#reached.resolve();
      await this.#release.promise;
    }
    return await call();
  }
}

const COUNT = 100;
const DATA: Dataset = {
  x: tensor("float32", [COUNT, 2], Float32Array.from({ length: 2 * COUNT }, (_, i) => i % 7)),
  y: tensor("uint8", [COUNT], Uint8Array.from({ length: COUNT }, (_, i) => i % 2)),
};

async function heldModel(): Promise<{ engine: HeldEngine; model: Model }> {
  const engine = await HeldEngine.create();
  const model = new Model({
    network: dense({ out: 2 }),
    input: { shape: [2], dtype: "float32" },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    threads: 1,
    createEngine: () => Promise.resolve(engine),
  });
  return { engine, model };
}

function isCancelled(error: unknown): boolean {
  assert.ok(error instanceof FlwrError);
  assert.equal(error.code, "cancelled");
  return true;
}

for (const method of ["write", "load", "run", "read"] as const) {
  Deno.test(`a fit is cancelled at once while the engine is busy with "${method}"`, async () => {
    const { engine, model } = await heldModel();
    await using _model = model;
    const expected = await model.evaluate(DATA);
    const before = model.getParameters();
    const abort = new AbortController();
    const reached = engine.hold(method);
    const fit = model.fit(DATA, { epochs: 3, signal: abort.signal });
    await reached;
    abort.abort();
    // The engine is still held, so the fit did not wait for it.
    await assert.rejects(fit, isCancelled);
    assert.deepEqual(model.getParameters(), before);

    const next = model.evaluate(DATA);
    engine.letGo();
    assert.deepEqual(await next, expected, "the cancelled work leaves nothing behind");
    const { steps } = await model.fit(DATA);
    assert.equal(steps, 4);
  });
}

Deno.test("parameters that are set after a cancelled call are those of the next one", async () => {
  const { engine, model } = await heldModel();
  await using _model = model;
  const other = new Map([...model.getParameters()].map(([name, { shape, data }]) => [
    name,
    tensor("float32", shape, (data as Float32Array).map((value) => value + 1)),
  ]));
  const abort = new AbortController();
  const reached = engine.hold("write");
  const cancelled = model.evaluate(DATA, { signal: abort.signal });
  await reached;
  abort.abort();
  await assert.rejects(cancelled, isCancelled);
  model.setParameters(other);
  engine.letGo();
  const got = await model.predict(DATA.x);
  const { model: fresh } = await heldModel();
  await using _fresh = fresh;
  fresh.setParameters(other);
  assert.deepEqual(got, await fresh.predict(DATA.x));
});

Deno.test("with an aborted signal nothing starts", async () => {
  const { engine, model } = await heldModel();
  await using _model = model;
  let reached = false;
  void engine.hold("write").then(() => reached = true);
  const signal = AbortSignal.abort();
  await assert.rejects(model.fit(DATA, { signal }), isCancelled);
  await assert.rejects(model.evaluate(DATA, { signal }), isCancelled);
  await assert.rejects(model.predict(DATA.x, { signal }), isCancelled);
  assert.equal(reached, false);
  engine.letGo();
});

Deno.test("disposing of a model cancels its current call", async () => {
  const { engine, model } = await heldModel();
  const reached = engine.hold("run");
  const cancelled = assert.rejects(model.fit(DATA, { epochs: 1000 }), isCancelled);
  await reached;
  const disposed = model[Symbol.asyncDispose]();
  await cancelled;
  engine.letGo();
  await disposed;
});
