/** Options of {@link runAll}. */
export interface RunAllOptions {
  /** Most items that are worked on at the same time. */
  readonly parallel: number;
  /** No further item is begun once it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Works on items, in their order and several at the same time. After an error no further item is begun, and those under way
 * are finished.
 *
 * @throws the first error, once nothing is under way
 */
export async function runAll<Item>(
  items: readonly Item[],
  { parallel, signal }: RunAllOptions,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const errors: unknown[] = [];
  const worker = async () => {
    while (!signal.aborted && errors.length === 0) {
      const next = waiting.next();
      if (next.done) return;
      await work(next.value).catch((error) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
}
