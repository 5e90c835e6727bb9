import { AsyncVariable } from "../../base/platform.ts";
import type { Device } from "./device.ts";
import type { Engine, EngineCompute } from "./engine.ts";

/** Compute settings that apply to models whose own options do not name them. */
export interface ComputeSettings {
  /** Number of threads (default: this trainer's share of the machine's cores). */
  readonly threads?: number;
  /** Device (default: "cpu"). */
  readonly device?: Device;
}

/**
 * The compute resources for the models of an app. The host of the app, such as a SuperNode or a sandbox, creates it and
 * puts it into the app's context. Models use it by themselves: you need not pass it on.
 */
export interface Compute {
  /** Device of models whose options name none. */
  readonly device: Device;
  /** Starts the engine that computes for a model. */
  readonly startEngine: (compute: EngineCompute) => Promise<Engine>;
  /** Called when a model is created, to load what its engine will need (default: it is loaded when needed). */
  readonly prepare?: () => void;
  /**
   * Counts a model among those that compute at the same time, until its slot is disposed of.
   *
   * @param threads number of threads from the model's own options, at least 1 (default: the app's share of the
   * machine's cores, or what the node's owner set)
   */
  register(threads?: number): ComputeSlot;
}

/** A model's place among those that compute at the same time. */
export interface ComputeSlot extends Disposable {
  /** Number of threads that the model should use now, at least 1. It changes when other models start and end. */
  threads(): number;
}

const current = new AsyncVariable<Compute>();

/**
 * Runs an app's work. Models that it creates, now or later, compute with these resources. @returns the work's result
 */
export function computingWith<Result>(compute: Compute, work: () => Result): Result {
  return current.run(compute, work);
}

/** The compute resources of the running app; undefined outside of apps, as in a script or a test. */
export function currentCompute(): Compute | undefined {
  return current.get();
}

/**
 * Checks that an app's device can be used. A missing driver or library shows at an engine's first answer.
 *
 * @throws FlwrError "failed-precondition" that names the device and what it needs
 */
export async function requireDevice({ device, startEngine }: Compute): Promise<void> {
  // Every machine has a CPU. Loading ONNX Runtime here would also turn denormals into zeros in this thread.
  if (device === "cpu") return;
  await using engine = await startEngine({ threads: 1, device });
  await engine.read([]);
}
