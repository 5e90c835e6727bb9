import { MAX_SERIES, OTHER } from "./metric.ts";

/** Separates label values in a key. Label values of this program never contain it. */
const SEPARATOR = "\u0000";

/**
 * The series of a metric family, by their label values. Their number is bounded: what would be one series more goes to
 * a last one, whose labels are all "other". So no input can make a scrape large.
 */
export class SeriesMap<T extends object> {
  readonly #byKey = new Map<string, { readonly labels: readonly string[]; readonly state: T }>();
  readonly #create: () => T;
  readonly #limit: number;
  readonly #rest: (labels: readonly string[]) => readonly string[];

  /**
   * @param create creates the state of a series
   * @param limit number of series, without the last one; default {@link MAX_SERIES}
   * @param rest labels of the series for what exceeds the limit; default "other" for each. They must be few
   */
  constructor(
    create: () => T,
    limit: number = MAX_SERIES,
    rest: (labels: readonly string[]) => readonly string[] = (labels) => labels.map(() => OTHER),
  ) {
    this.#create = create;
    this.#limit = limit;
    this.#rest = rest;
  }

  /** The state of a series, which is created if it does not exist. */
  of(labels: readonly string[]): T {
    const key = labels.length === 1 ? labels[0]! : labels.join(SEPARATOR);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known.state;
    return this.#add(labels, key);
  }

  #add(labels: readonly string[], key: string): T {
    const isFull = this.#byKey.size >= this.#limit;
    const others = isFull ? this.#rest(labels) : labels;
    const usedKey = isFull ? others.join(SEPARATOR) : key;
    const known = this.#byKey.get(usedKey);
    if (known !== undefined) return known.state;
    const state = this.#create();
    this.#byKey.set(usedKey, { labels: [...others], state });
    return state;
  }

  /** All series. */
  entries(): Iterable<{ readonly labels: readonly string[]; readonly state: T }> {
    return this.#byKey.values();
  }
}
