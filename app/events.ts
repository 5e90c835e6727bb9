import type { MessageError, MessageId, MessageType, NodeId } from "../entities/metadata.ts";
import type { MetricRecord } from "./metric_record.ts";
import type { PhaseName, PhaseRecord, Result, RoundRecord } from "./result.ts";

/** The privacy loss of a run so far, with its assumptions. */
export interface PrivacyReport {
  /** ε, in nats. */
  readonly epsilon: number;
  /** The δ of that ε. */
  readonly delta: number;
  /** Whose data are protected: all data of one node. */
  readonly unit: "node";
  /** What two runs that cannot be told apart differ in. */
  readonly neighboringRelation: string;
  /** How the draw of the nodes counts. */
  readonly samplingMethod: string;
  /** How losses are added up: "rdp" or "pld". */
  readonly accountingMethod: string;
}

/** An event of a run, for example to show on a terminal. */
export type ProgressEvent =
  /** Fewer nodes are online than needed. Reported at once, at each change, and every 10 seconds. */
  | {
    readonly type: "waiting-for-nodes";
    readonly online: number;
    readonly needed: number;
    /** Seconds since the wait began. */
    readonly seconds: number;
  }
  /** A strategy starts. */
  | { readonly type: "strategy-started"; readonly strategy: string; readonly numRounds: number }
  /** No initial arrays were given: one node is asked for its arrays. */
  | { readonly type: "initial-arrays-requested"; readonly nodeId: NodeId }
  /** The global model at the start of the first round. */
  | {
    readonly type: "initial-arrays";
    /** The node that sent the arrays; undefined if they come from the ServerApp. */
    readonly nodeId?: NodeId;
    readonly arrays: number;
    /** Size of the serialised arrays, in bytes. */
    readonly bytes: number;
  }
  /** The strategy goes on after a round, from a checkpoint. */
  | { readonly type: "resumed"; readonly round: number; readonly numRounds: number }
  /** The checkpoint of a round was not saved. The same reason is reported once. */
  | { readonly type: "checkpoint-failed"; readonly round: number; readonly reason: string }
  | { readonly type: "round-started"; readonly round: number; readonly numRounds: number }
  /** Instructions are sent. */
  | {
    readonly type: "phase-started";
    readonly phase: PhaseName;
    readonly round: number;
    readonly nodeIds: readonly NodeId[];
    /** Number of online nodes from which the nodes were chosen. */
    readonly available: number;
  }
  /** Replies are missing. Reported every 30 seconds during long trainings. */
  | {
    readonly type: "waiting-for-replies";
    /** The nodes whose replies are missing. */
    readonly nodeIds: readonly NodeId[];
    /** Number of instructions sent. */
    readonly sent: number;
    /** Seconds since they were sent. */
    readonly seconds: number;
  }
  /** An instruction was answered, or failed. */
  | {
    readonly type: "reply";
    readonly messageType: MessageType;
    readonly groupId: string;
    readonly nodeId: NodeId;
    readonly messageId: MessageId;
    /** Seconds since the instruction was sent. */
    readonly seconds: number;
    /** The first metrics in the reply; undefined if it has none. */
    readonly metrics?: MetricRecord;
    readonly error?: MessageError;
  }
  | { readonly type: "phase-finished"; readonly round: number; readonly phase: PhaseRecord }
  /** The ServerApp evaluated the global model; round 0 is before the first round. */
  | {
    readonly type: "server-evaluated";
    readonly round: number;
    readonly metrics: MetricRecord;
    readonly seconds: number;
  }
  | { readonly type: "round-finished"; readonly record: RoundRecord }
  /** `stopWhen` or the strategy ended the run after this round. */
  | {
    readonly type: "stopped-early";
    readonly round: number;
    readonly numRounds: number;
    /** The strategy's reason; undefined if `stopWhen` ended the run. */
    readonly reason?: string;
  }
  /** The privacy loss of the run so far, after noise was added in a round. */
  | { readonly type: "privacy-spent"; readonly round: number; readonly privacy: PrivacyReport }
  | { readonly type: "strategy-finished"; readonly result: Result }
  /** A line of the app itself. */
  | { readonly type: "note"; readonly text: string };

/** Receives the events of a run. */
export type ProgressListener = (event: ProgressEvent) => void;
