/** What has changed since the last message of a stream. Changes are combined, so a slow reader misses none. */
export interface Changes {
  /** Ids of changed runs. Undefined: any of them may have changed. */
  readonly runs?: readonly string[];
  /** Whether a node changed. */
  readonly nodes: boolean;
  /** The SuperLink's time: Unix seconds. */
  readonly now: number;
}
