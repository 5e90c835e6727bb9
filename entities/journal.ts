/** A number as JSON, which has none for these three. */
export type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";

/** Metrics by name. Only single numbers: lists are left out. */
export type JournalMetrics = Readonly<Record<string, JsonNumber>>;

/** An error of a node, or of the SuperLink in its place. */
export interface JournalError {
  readonly code: number;
  readonly reason: string;
}

/** Fields of an instruction in the journal. */
export interface JournalInstruction {
  readonly messageId: string;
  readonly messageType: string;
  readonly groupId: string;
}

/** When an instruction went where. Times are Unix times in seconds. */
export interface JournalDelivery extends JournalInstruction {
  /** When the ServerApp sent it. */
  readonly pushedAt: number;
  /** When it was last handed to the node; undefined if it never was. */
  readonly handedOutAt?: number;
}

/** The half of a round. */
export type JournalPhase = "train" | "evaluate";

/** In how many rounds a node was asked, and in how many its reply went into an aggregate. */
export interface JournalShare {
  readonly asked: number;
  readonly contributed: number;
}

/** What a node contributed to training, to evaluation, and to rounds in which it did either. */
export interface JournalContribution extends JournalShare {
  readonly train: JournalShare;
  readonly evaluate: JournalShare;
  /** Its last error. */
  readonly lastError?: {
    readonly round: number;
    readonly phase: JournalPhase;
    readonly reason: string;
  };
}

/** Without data. */
export type NoData = Readonly<Record<string, never>>;

/** What the records of each kind hold, written by the SuperLink in the transaction that causes them. */
export interface DomainData {
  "run-created": NoData;
  "run-claimed": NoData;
  "run-released": NoData;
  "run-began": NoData;
  "run-interrupted": { readonly reason: string };
  /** `state` is a RunState. Instructions without an answer are cancelled, without records of their own. */
  "run-finished": { readonly state: string; readonly details: string };
  "node-registered": { readonly name?: string };
  /** `takeover`: the node was online when it joined again with the same key. */
  "node-joined": { readonly name?: string; readonly takeover: boolean };
  "node-offline": { readonly onlineUntil: number };
  "node-returned": NoData;
  "node-deactivated": NoData;
  "node-left": { readonly forgotten: boolean };
  "node-unregistered": NoData;
  "node-forgotten": NoData;
  /** Instructions of one group that were stored together. */
  "instructions-pushed": {
    readonly messageType: string;
    readonly groupId: string;
    readonly count: number;
  };
  /** `error`: the node answered with an error. `appSeconds`: how long its ClientApp worked. */
  "instruction-answered": JournalDelivery & {
    readonly appSeconds?: number;
    readonly error?: JournalError;
  };
  /** The SuperLink answered in the node's place. */
  "instruction-failed": JournalDelivery & { readonly error: JournalError };
  "instruction-requeued": JournalInstruction & { readonly cause: string };
  "instruction-refused": { readonly code: string; readonly reason: string };
  "push-expired": { readonly messages: number };
  /** `size` in bytes. */
  "artifact-saved": { readonly name: string; readonly size: number };
  "checkpoint-saved": NoData;
  /** Another SuperLink on the same store has ended. */
  "superlink-ended": { readonly serverId: string };
}

/** What the records of each kind hold that a ServerApp reports. Durations are in seconds. */
export interface AppData {
  "strategy-started": { readonly strategy: string; readonly rounds: number };
  "strategy-resumed": { readonly round: number; readonly rounds: number };
  "waiting-for-nodes": { readonly online: number; readonly needed: number };
  "round-started": { readonly round: number; readonly rounds: number };
  "phase-started": {
    readonly round: number;
    readonly phase: JournalPhase;
    readonly asked: number;
    readonly available: number;
  };
  /** A node's reply. Round and phase are missing if it came outside of them. */
  "node-replied": {
    readonly round?: number;
    readonly phase?: JournalPhase;
    readonly messageType: string;
    readonly seconds: number;
    readonly metrics?: JournalMetrics;
    readonly error?: JournalError;
  };
  "phase-finished": {
    readonly round: number;
    readonly phase: JournalPhase;
    readonly seconds: number;
    readonly results: number;
    readonly failures: number;
    readonly aggregated: boolean;
    readonly metrics?: JournalMetrics;
  };
  /** Round 0 is before the first round. */
  "server-evaluated": {
    readonly round: number;
    readonly seconds: number;
    readonly metrics: JournalMetrics;
  };
  "round-finished": { readonly round: number; readonly seconds: number };
  "privacy-spent": {
    readonly round: number;
    readonly epsilon: JsonNumber;
    readonly delta: JsonNumber;
  };
  "stopped-early": { readonly round: number; readonly rounds: number; readonly reason?: string };
  "strategy-finished": { readonly rounds: number; readonly seconds: number };
  /** What a node contributed to a strategy, at its end. */
  "node-contributed": JournalContribution;
  /** An event of the app's own, of any name. */
  "app-event": { readonly event: string; readonly data: string };
}

/** What the records of each kind hold. */
export interface JournalData extends DomainData, AppData {}

/** The kind of a record. */
export type JournalKind = keyof JournalData;

/** The kind of a record that a ServerApp reports. */
export type AppKind = keyof AppData;

/** The kinds of records that only the SuperLink writes. */
export const DOMAIN_KINDS: Readonly<Record<keyof DomainData, true>> = {
  "run-created": true,
  "run-claimed": true,
  "run-released": true,
  "run-began": true,
  "run-interrupted": true,
  "run-finished": true,
  "node-registered": true,
  "node-joined": true,
  "node-offline": true,
  "node-returned": true,
  "node-deactivated": true,
  "node-left": true,
  "node-unregistered": true,
  "node-forgotten": true,
  "instructions-pushed": true,
  "instruction-answered": true,
  "instruction-failed": true,
  "instruction-requeued": true,
  "instruction-refused": true,
  "push-expired": true,
  "artifact-saved": true,
  "checkpoint-saved": true,
  "superlink-ended": true,
};

/** The kinds that our ServerApps report. Other events of apps are stored as "app-event". */
export const APP_KINDS: Readonly<Record<Exclude<AppKind, "app-event">, true>> = {
  "strategy-started": true,
  "strategy-resumed": true,
  "waiting-for-nodes": true,
  "round-started": true,
  "phase-started": true,
  "node-replied": true,
  "phase-finished": true,
  "server-evaluated": true,
  "round-finished": true,
  "privacy-spent": true,
  "stopped-early": true,
  "strategy-finished": true,
  "node-contributed": true,
};

/** Fields that records of all kinds have. */
interface Common {
  /**
   * Position in the journal: larger than those of all records that were committed before, on all SuperLinks of a store.
   * It resembles the Unix time in microseconds, and is below 2⁵³.
   */
  readonly sequence: number;
  /** Unix time in seconds at which it was stored. */
  readonly at: number;
  readonly runId?: bigint;
  readonly nodeId?: bigint;
}

/** A record of the journal. */
export type JournalRecord<Kinds extends JournalKind = JournalKind> = {
  readonly [Kind in Kinds]: Common & { readonly kind: Kind; readonly data: JournalData[Kind] };
}[Kinds];

/** A record before it is stored. */
export type NewJournalRecord<Kinds extends JournalKind = JournalKind> = {
  readonly [Kind in Kinds]: {
    readonly kind: Kind;
    readonly runId?: bigint;
    readonly nodeId?: bigint;
    readonly data: JournalData[Kind];
  };
}[Kinds];

/** An event that a ServerApp reports. */
export type AppEvent = {
  readonly [Kind in AppKind]: {
    readonly kind: Kind;
    readonly nodeId?: bigint;
    readonly data: AppData[Kind];
  };
}[AppKind];

/** Which records a reader wants. */
export interface JournalFilter {
  /** Only records of this run. */
  readonly runId?: bigint;
  /** Only records of this node. */
  readonly nodeId?: bigint;
  /** Only records of these kinds. */
  readonly kinds?: readonly JournalKind[];
}

/** A part of the journal. */
export interface JournalPage {
  readonly records: readonly JournalRecord[];
  /** Where the next page begins, in the same direction. */
  readonly position: number;
  /** Whether there are further records now; they may not match the filter. */
  readonly more: boolean;
}
