import { AsyncVariable } from "./platform.ts";

/** Memory that a thread shares with others. */
export interface GivenMemory {
  /** Undefined if there is not enough memory. */
  readonly memory: SharedArrayBuffer | undefined;
  /** Whether the thread writes the data. Otherwise they are there. */
  readonly fills: boolean;
}

/** The memory that threads share for data that nobody changes. */
export interface SharedMemory {
  /** Memory with a number of bytes for the data of a key. The answer waits while another thread writes them. */
  ask(key: string, bytes: number): Promise<GivenMemory>;
  /** Tells the others that this thread has written the data of a key, or could not. */
  filled(key: string, isFilled: boolean): void;
}

const current = new AsyncVariable<SharedMemory>();

/** Runs some work that shares data with other threads: see {@link sharedData}. */
export function sharingMemory<Result>(shared: SharedMemory, work: () => Result): Result {
  return current.run(shared, work);
}

/**
 * Data that nobody changes, which the threads of a simulation keep once. The first thread that asks writes it, and the
 * others wait for it.
 *
 * @param key names the data: with the same key, its bytes must be the same
 * @param fill writes the data, and may be called again in another thread if it fails
 * @returns the data; undefined outside of a simulation, or if there is not enough memory
 */
export async function sharedData(
  key: string,
  bytes: number,
  fill: (data: Uint8Array<SharedArrayBuffer>) => Promise<void>,
): Promise<SharedArrayBuffer | undefined> {
  const shared = current.get();
  if (shared === undefined || bytes === 0) return undefined;
  const { memory, fills } = await shared.ask(key, bytes);
  if (memory === undefined || memory.byteLength !== bytes) return undefined;
  if (!fills) return memory;
  let isFilled = false;
  try {
    await fill(new Uint8Array(memory));
    isFilled = true;
  } finally {
    shared.filled(key, isFilled);
  }
  return memory;
}
