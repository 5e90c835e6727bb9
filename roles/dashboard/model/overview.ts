/** The SuperLink that a dashboard shows. */
export interface Overview {
  /** Version of flwr that the SuperLink runs. */
  readonly version: string;
  /** The SuperLink's time: Unix seconds. */
  readonly now: number;
  /** Whether the nodes of its runs are simulated. */
  readonly isSimulated: boolean;
  /** Whether this dashboard can start a run again. */
  readonly canRunAgain: boolean;
}
