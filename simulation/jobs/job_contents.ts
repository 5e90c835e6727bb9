/** Contents that no job needs any more and that are kept, because the next jobs may have them again. */
const MAX_UNUSED = 2;

/** The contents of jobs, each once. */
export class JobContents {
  readonly #contents = new Map<string, { readonly bytes: Uint8Array; users: number }>();

  /** Begins a use of a content. @returns undefined if it is not here and was not given */
  use(id: string, given?: Uint8Array): Uint8Array | undefined {
    let entry = this.#contents.get(id);
    if (entry === undefined) {
      if (given === undefined) return undefined;
      entry = { bytes: given, users: 0 };
    }
    entry.users += 1;
    // The last one in the map's order is the one that was used last.
    this.#contents.delete(id);
    this.#contents.set(id, entry);
    return entry.bytes;
  }

  /** Ends a use. */
  release(id: string): void {
    const entry = this.#contents.get(id);
    if (entry !== undefined) entry.users -= 1;
    const unused = [...this.#contents].filter(([, { users }]) => users === 0);
    for (const [old] of unused.slice(0, -MAX_UNUSED)) this.#contents.delete(old);
  }

  /** Number of contents here. */
  get size(): number {
    return this.#contents.size;
  }
}
