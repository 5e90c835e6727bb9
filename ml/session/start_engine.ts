import type { StartEngine } from "../engine/engine.ts";
import { WorkerEngine } from "./worker_engine.ts";

let current: StartEngine = ({ threads, device }) =>
  Promise.resolve(new WorkerEngine(threads, device));

/** Starts an engine as this thread does: in a worker thread, until {@link setStartEngine} says otherwise. */
export const startEngine: StartEngine = (compute) => current(compute);

/** Says how models of this thread get their engines from now on: a sandboxed app's are given to it from outside. */
export function setStartEngine(start: StartEngine): void {
  current = start;
}
