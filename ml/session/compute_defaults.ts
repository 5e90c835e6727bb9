import type { Device } from "../engine/device.ts";

/** What models compute with when their own options do not say. */
export interface ComputeDefaults {
  /** Threads (default: this trainer's part of the machine's cores). */
  readonly threads?: number;
  /** Device (default: "cpu"). */
  readonly device?: Device;
}

let current: ComputeDefaults = {};

/** Sets the defaults for models that are made in this thread from now on: a SuperNode's flags reach its app so. */
export function setComputeDefaults(defaults: ComputeDefaults): void {
  current = defaults;
}

/** The defaults that were set last. */
export function computeDefaults(): ComputeDefaults {
  return current;
}
