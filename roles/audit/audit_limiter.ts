/** Kinds of calls whose records are limited. */
export type LimitedKind =
  | "refused" // calls whose caller was not identified
  | "frequent" // reads, pulls, pushes and heartbeats
  | "unproven"; // changes by callers without an account or a known key

/** Most recorded calls of a kind in one minute. */
export interface KindLimits {
  /** By one caller. */
  readonly perCaller: number;
  /** By all together. */
  readonly total: number;
}

export const AUDIT_LIMITS: Readonly<Record<LimitedKind, KindLimits>> = {
  refused: { perCaller: 10, total: 300 },
  frequent: { perCaller: 3000, total: 60_000 },
  unproven: { perCaller: 600, total: 3000 },
};

/** Number of callers that are counted separately; others are counted together. */
const MAX_CALLERS = 1000;

/** Length of a window in seconds. */
export const LIMIT_WINDOW_SECONDS = 60;

/** Calls of one kind in this window. */
class Window {
  readonly byCaller = new Map<string, number>();
  total = 0;
  omitted = 0;
}

/** Limits how many records callers can cause, because a stranger must not fill the disk. */
export class AuditLimiter {
  readonly #limits: Readonly<Record<LimitedKind, KindLimits>>;
  #windows = new Map<LimitedKind, Window>();

  constructor(limits: Readonly<Record<LimitedKind, KindLimits>> = AUDIT_LIMITS) {
    this.#limits = limits;
  }

  /** Counts a call. @returns whether it is to be recorded */
  allows(kind: LimitedKind, caller: string): boolean {
    const { perCaller, total } = this.#limits[kind];
    const window = this.#windows.get(kind) ?? new Window();
    this.#windows.set(kind, window);
    const { byCaller } = window;
    const key = byCaller.has(caller) || byCaller.size < MAX_CALLERS ? caller : "";
    const count = byCaller.get(key) ?? 0;
    if (count >= perCaller || window.total >= total) {
      window.omitted++;
      return false;
    }
    byCaller.set(key, count + 1);
    window.total++;
    return true;
  }

  /** Ends the window. @returns the numbers of calls that were not recorded in it, by kind */
  endWindow(): { readonly kind: LimitedKind; readonly omitted: number }[] {
    const omitted = [...this.#windows]
      .filter(([, { omitted }]) => omitted > 0)
      .map(([kind, { omitted }]) => ({ kind, omitted }));
    this.#windows = new Map();
    return omitted;
  }
}
