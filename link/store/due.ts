/** A record that the housekeeper must handle at a Unix time in seconds, or never. */
export interface Due {
  readonly dueAt?: number;
}

/** The records with `dueAt` ≤ `now`, earliest first, at most `limit`. */
export function mostUrgent<T extends Due>(records: Iterable<T>, now: number, limit: number): T[] {
  return [...records].filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
    .sort((a, b) => a.dueAt! - b.dueAt!)
    .slice(0, limit);
}

/** The earliest `dueAt`; Infinity if there is none. */
export function earliestDue(records: Iterable<Due>): number {
  let earliest = Infinity;
  for (const { dueAt } of records) earliest = Math.min(earliest, dueAt ?? Infinity);
  return earliest;
}
