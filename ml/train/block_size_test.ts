import assert from "node:assert/strict";
import { conv, maxPool } from "../graph/convolution.ts";
import { relu } from "../graph/elementwise.ts";
import type { Engine, RunResult } from "../engine/engine.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { real } from "../testing/compare.ts";
import { tensor } from "../../tensor/tensor.ts";
import { requireSelfContained } from "../onnx/self_contained.ts";
import { blockSize, wantsBlocks } from "./block_size.ts";

/** An engine that only answers runs, and counts the models that it opens. */
class StubEngine implements Engine {
  opened = 0;
  readonly #answer: () => Promise<RunResult>;

  constructor(answer: () => Promise<RunResult>) {
    this.#answer = answer;
  }

  load(_key: string, _model: Uint8Array): Promise<void> {
    this.opened += 1;
    return Promise.resolve();
  }

  run(): Promise<RunResult> {
    return this.#answer();
  }

  read(): Promise<never[]> {
    return Promise.resolve([]);
  }

  useThreads = done;
  unload = done;
  write = done;
  forget = done;
  [Symbol.asyncDispose] = done;
}

function done(): Promise<void> {
  return Promise.resolve();
}

function answering(scale: number, error: number): StubEngine {
  const returned = [scale, error].map((x) => tensor("float32", [], Float32Array.of(x)));
  return new StubEngine(() => Promise.resolve({ returned, seconds: 0 }));
}

const never = () => Promise.reject(new Error("not started here"));

Deno.test("a block size is accepted if the numbers agree, and determined once", async () => {
  const engine = answering(2, 1e-6);
  const startEngine = () => Promise.resolve(engine);
  assert.equal(await blockSize(engine, startEngine), 16);
  assert.equal(await blockSize(engine, startEngine), 16);
  assert.equal(engine.opened, 1);
});

Deno.test("blocks are not used if numbers differ, are NaN, or nothing is computed", async () => {
  for (const engine of [answering(2, 0.1), answering(2, NaN), answering(0, 0)]) {
    assert.equal(await blockSize(engine, () => never()), undefined);
    assert.equal(engine.opened, 2);
  }
});

Deno.test("blocks are not used if the operators are refused", async () => {
  const engine = new StubEngine(() => Promise.reject(new Error("no such operator")));
  assert.equal(await blockSize(engine, () => never()), undefined);
});

Deno.test("small blocks are not used if models with them are refused", async () => {
  const answers = [answering(2, 0.1), answering(2, 1e-6)].map((engine) => engine.run());
  const runs = answers[Symbol.iterator]();
  const machineOf8 = new StubEngine(() => runs.next().value!);
  assert.equal(await blockSize(machineOf8, () => never()), 8);

  const again = [answering(2, 0.1), answering(2, 1e-6)].map((engine) => engine.run());
  const guardedRuns = again[Symbol.iterator]();
  const guarded = new StubEngine(() => guardedRuns.next().value!);
  guarded.load = (_key: string, model: Uint8Array) =>
    Promise.resolve(void requireSelfContained(model));
  assert.equal(await blockSize(guarded, () => never()), undefined);
});

Deno.test("all engines on this machine have the same block size", async () => {
  await using one = await LocalEngine.create(1);
  await using two = await LocalEngine.create(2);
  assert.equal(await blockSize(one, () => never()), await blockSize(two, () => never()));
});

Deno.test("only convolutions of whole blocks want blocks", () => {
  const x = real("x", [2, 8, 6, 6]);
  assert.ok(wantsBlocks([relu(conv(x, real("w", [16, 8, 3, 3])))], false));
  assert.ok(!wantsBlocks([relu(conv(x, real("w", [6, 8, 3, 3])))], false));
  assert.ok(!wantsBlocks([relu(conv(x, real("w", [16, 8, 1, 1])))], false));
  assert.ok(!wantsBlocks([relu(x)], true));
});

Deno.test("in a forward pass, pools of few filters want blocks too", () => {
  const x = real("x", [2, 3, 6, 6]);
  const pooled = (filters: number) => maxPool(conv(x, real("w", [filters, 3, 3, 3])), 2);
  assert.ok(wantsBlocks([pooled(6)], true));
  assert.ok(!wantsBlocks([pooled(6)], false));
  assert.ok(!wantsBlocks([pooled(2)], true));
});
