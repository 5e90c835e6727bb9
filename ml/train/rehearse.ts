import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { OPTIMIZED } from "../lower/passes.ts";
import { relu } from "../nn/activation.ts";
import { conv2d } from "../nn/convolution.ts";
import { dense } from "../nn/dense.ts";
import { crossEntropy } from "../nn/loss.ts";
import { maxPool2d } from "../nn/pooling.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import { flatten } from "../nn/shaping.ts";
import type { Engine, NamedTensor, Run, RunResult } from "../engine/engine.ts";
import { Model } from "./model.ts";

/**
 * Trains a tiny network without computing anything, so that the thread's JavaScript is compiled before a real model is
 * built: building that then takes half the time. Nothing is kept.
 *
 * @param engine receives the calls in place of a real engine; it is disposed of
 */
export async function rehearse(engine: Engine = new IdleEngine()): Promise<void> {
  await using model = new Model({
    network: sequential(
      conv2d({ name: "a", in: 1, out: 2, kernel: 3 }),
      relu(),
      maxPool2d(2),
      flatten(),
      dense({ name: "b", in: 2, out: 2 }),
    ),
    input: { shape: [1, 4, 4], normalize: { mean: 0.5, deviation: 0.5 } },
    loss: crossEntropy(),
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
    batchSize: 2,
    threads: 1,
    // Block sizes are measured, which needs an engine that computes.
    optimizations: { ...OPTIMIZED, blocks: false },
    createEngine: () => Promise.resolve(engine),
  });
  const data = {
    x: tensor("uint8", [2, 1, 4, 4], new Uint8Array(32)),
    y: tensor("uint8", [2], new Uint8Array(2)),
  };
  model.setParameters([...model.getParameters().values()]);
  await model.fit(data);
  await model.evaluate(data);
}

/** An engine that computes nothing: its memory stays as it was written. */
export class IdleEngine implements Engine {
  readonly #memory = new Map<string, Tensor>();

  useThreads(): Promise<void> {
    return Promise.resolve();
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  write(tensors: readonly NamedTensor[]): Promise<void> {
    for (const [name, value] of tensors) this.#memory.set(name, value);
    return Promise.resolve();
  }

  forget(names: readonly string[]): Promise<void> {
    for (const name of names) this.#memory.delete(name);
    return Promise.resolve();
  }

  read(names: readonly string[]): Promise<Tensor[]> {
    return Promise.resolve(names.map((name) => this.#memory.get(name)!));
  }

  run({ returned }: Run): Promise<RunResult> {
    const result = tensor("float32", [1], new Float32Array(1));
    return Promise.resolve({ returned: returned.map(() => result), seconds: 0.001 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
