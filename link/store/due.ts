/** Something that the housekeeper has to look at, at a Unix time in seconds, or never. */
export interface Due {
  readonly dueAt?: number;
}

/** Those that are due at `now`, the most urgent first, no more than `limit`. */
export function mostUrgent<T extends Due>(records: Iterable<T>, now: number, limit: number): T[] {
  return [...records].filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
    .sort((a, b) => a.dueAt! - b.dueAt!)
    .slice(0, limit);
}

/** The earliest due time of all, Infinity for none. */
export function earliestDue(records: Iterable<Due>): number {
  let earliest = Infinity;
  for (const { dueAt } of records) earliest = Math.min(earliest, dueAt ?? Infinity);
  return earliest;
}
