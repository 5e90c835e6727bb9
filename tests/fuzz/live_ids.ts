/** The ids of a recording in terms of the SuperLink that is fuzzed. */
export interface LiveIds {
  readonly numbers: ReadonlyMap<bigint, bigint>;
  /** Bytes by what they read as text. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
}

/** A copy of a decoded request with the live ids and keys in the place of the recorded ones, wherever they stand. */
export function relabel<T>(value: T, live: LiveIds): T {
  if (typeof value === "bigint") return (live.numbers.get(value) ?? value) as T;
  if (value instanceof Uint8Array) {
    return (live.bytes.get(new TextDecoder().decode(value)) ?? value) as T;
  }
  if (Array.isArray(value)) return value.map((element) => relabel(element, live)) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [name, relabel(field, live)]);
  return Object.fromEntries(entries);
}
