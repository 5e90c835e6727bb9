/** An event of a SuperLink. Ids are decimal text, times Unix seconds. */
export interface EventRow {
  readonly sequence: number;
  readonly at: number;
  /** "round-started". */
  readonly kind: string;
  readonly runId?: string;
  readonly nodeId?: string;
  readonly nodeLabel?: string;
  /** What happened, for people. */
  readonly text: string;
  readonly isError: boolean;
}

/** A page of events, newest first. */
export interface EventPage {
  readonly events: readonly EventRow[];
  /** Where the next page begins. */
  readonly position: number;
  readonly more: boolean;
}
