import type { Process } from "../../tests/support/process.ts";
import { readMemory } from "./process_facts.ts";

/** How often the peak is read, in milliseconds: what a process takes in its very last moment is not seen. */
const INTERVAL_MILLISECONDS = 50;

/**
 * Watches the peak memory of a process until it ends, when the system forgets it.
 *
 * @returns the most memory that it ever held, in bytes
 */
export async function watchPeakMemory(process: Process): Promise<number> {
  let peak = 0;
  while (process.status === undefined) {
    peak = (await readMemory(process.pid))?.peak ?? peak;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MILLISECONDS));
  }
  return peak;
}
