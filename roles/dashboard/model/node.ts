/** A node in a list. Ids are decimal text, times Unix seconds. */
export interface NodeRow {
  readonly id: string;
  /** Its name, with the id if another node has the same name, or the id alone. */
  readonly label: string;
  /** "registered", "online", "offline", "left" or "unregistered". */
  readonly state: string;
  /** When the state began; undefined if unknown. */
  readonly since?: number;
  /** When its heartbeat is due. */
  readonly onlineUntil: number;
  /** Version of the protocol with which it pulls. */
  readonly wire: string;
  readonly location: string;
  /** Whether it signs its calls with a key. */
  readonly hasKey: boolean;
  /** Instructions that it answered with a result or with an error, as far as events are kept. */
  readonly answered: number;
  readonly failed: number;
  /** Seconds from handing out its last instruction to the answer. */
  readonly lastSeconds?: number;
  /** Its last error. */
  readonly lastError?: string;
  /** When it answered last. */
  readonly lastAnswerAt?: number;
  /** The run of its last answer. */
  readonly lastRun?: string;
}
