import { AsyncVariable } from "../../base/platform.ts";
import type { Device } from "./device.ts";
import type { Engine, EngineCompute } from "./engine.ts";

/** What models compute with when their own options do not say. */
export interface ComputeSettings {
  /** Threads (default: this trainer's part of the machine's cores). */
  readonly threads?: number;
  /** Device (default: "cpu"). */
  readonly device?: Device;
}

/**
 * What the models of an app compute with. Whatever runs the app, such as a SuperNode or a sandbox, makes it and hands it to
 * the app in its context. Models take it by themselves: you need not pass it on.
 */
export interface Compute {
  /** Device of models whose options name none. */
  readonly device: Device;
  /** Starts what computes for a model. */
  readonly startEngine: (compute: EngineCompute) => Promise<Engine>;
  /**
   * Counts a model among those that compute now, until the slot is disposed of.
   *
   * @param threads number of threads from the model's own options, at least 1 (default: the app's part of the machine's
   *   cores, or what the node's owner set)
   */
  register(threads?: number): ComputeSlot;
}

/** A model's place among those that compute at the same time. */
export interface ComputeSlot extends Disposable {
  /** Number of threads that the model should use now, at least 1. It changes when other models start and end. */
  threads(): number;
}

const current = new AsyncVariable<Compute>();

/** Runs an app's work: models that it makes, now or later, compute with this. @returns what the work returns */
export function computingWith<Result>(compute: Compute, work: () => Result): Result {
  return current.run(compute, work);
}

/** What the running app computes with; undefined outside of apps, as in a script or a test. */
export function currentCompute(): Compute | undefined {
  return current.get();
}

/**
 * Makes sure that an app's device can be used: what is missing shows at an engine's first answer.
 *
 * @throws FlwrError "failed-precondition" that names the device and what it needs
 */
export async function requireDevice({ device, startEngine }: Compute): Promise<void> {
  // Every machine has one. And ONNX Runtime, once loaded, would make zeros of the denormals of this thread.
  if (device === "cpu") return;
  await using engine = await startEngine({ threads: 1, device });
  await engine.read([]);
}
