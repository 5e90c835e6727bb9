import type { Artifacts } from "./artifacts/artifacts.ts";
import type { Journal } from "./journal/journal.ts";
import type { Messages } from "./messages/messages.ts";
import type { Nodes } from "./nodes/nodes.ts";
import type { Objects } from "./objects/objects.ts";
import type { Runs } from "./runs/runs.ts";
import type { TopicKind } from "./transactions/wakes.ts";

/**
 * The SuperLink's domain. It is independent of the wire format; the dialects translate. After `close`, every operation
 * rejects with "unavailable".
 */
export interface Link {
  readonly nodes: Nodes;
  readonly runs: Runs;
  readonly messages: Messages;
  readonly objects: Objects;
  readonly artifacts: Artifacts;
  readonly journal: Journal;
  /** Number of long polls that wait now, by the kind of what they wait for. */
  heldCalls(): Readonly<Record<TopicKind, number>>;
  /**
   * Prepares for the end: held pulls and claims end without a result, also later ones, and readers of logs are refused.
   * Other calls, and the ServerApps that run here, go on until `close`.
   */
  drain(): void;
  /** Ends all long polls and closes the store. Calling it again has no effect. */
  close(): Promise<void>;
}
