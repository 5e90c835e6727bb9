import type { MessageError, MessageId, MessageType, NodeId } from "../entities/metadata.ts";
import type { MetricRecord } from "./metric_record.ts";
import type { PhaseName, PhaseRecord, Result, RoundRecord } from "./result.ts";

/** An event of a running run, for example to show on a terminal. */
export type ProgressEvent =
  /** Fewer nodes are online than are needed. Reported at once, at each change, and every 10 seconds. */
  | {
    readonly type: "waiting-for-nodes";
    readonly online: number;
    readonly needed: number;
    /** Seconds that the wait has taken so far. */
    readonly seconds: number;
  }
  /** A strategy begins. */
  | { readonly type: "strategy-started"; readonly strategy: string; readonly numRounds: number }
  /** No initial arrays were given: one node is asked for its own. */
  | { readonly type: "initial-arrays-requested"; readonly nodeId: NodeId }
  /** The global model that the first round starts from. */
  | {
    readonly type: "initial-arrays";
    /** The node that gave them; undefined when the ServerApp did. */
    readonly nodeId?: NodeId;
    readonly arrays: number;
    /** Their size, serialised. */
    readonly bytes: number;
  }
  | { readonly type: "round-started"; readonly round: number; readonly numRounds: number }
  /** Instructions go out. */
  | {
    readonly type: "phase-started";
    readonly phase: PhaseName;
    readonly round: number;
    readonly nodeIds: readonly NodeId[];
    /** How many nodes were online to choose from. */
    readonly available: number;
  }
  /** Replies are still missing. Reported every 30 seconds, so that a long training is not silent. */
  | {
    readonly type: "waiting-for-replies";
    /** The nodes whose replies are missing. */
    readonly nodeIds: readonly NodeId[];
    /** Instructions that were sent. */
    readonly sent: number;
    /** Seconds since they were sent. */
    readonly seconds: number;
  }
  /** An instruction was answered, or will not be. */
  | {
    readonly type: "reply";
    readonly messageType: MessageType;
    readonly groupId: string;
    readonly nodeId: NodeId;
    readonly messageId: MessageId;
    /** Seconds since the instruction was sent. */
    readonly seconds: number;
    readonly error?: MessageError;
  }
  | { readonly type: "phase-finished"; readonly round: number; readonly phase: PhaseRecord }
  /** The ServerApp evaluated the global model itself; round 0 is before the first. */
  | {
    readonly type: "server-evaluated";
    readonly round: number;
    readonly metrics: MetricRecord;
    readonly seconds: number;
  }
  | { readonly type: "round-finished"; readonly record: RoundRecord }
  /** `stopWhen` ended the run after this round. */
  | { readonly type: "stopped-early"; readonly round: number; readonly numRounds: number }
  | { readonly type: "strategy-finished"; readonly result: Result }
  /** A line of the app's own. */
  | { readonly type: "note"; readonly text: string };

/** Receives the events of a run. */
export type ProgressListener = (event: ProgressEvent) => void;
