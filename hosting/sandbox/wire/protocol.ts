import type { GivenMemory } from "../../../base/shared_memory.ts";
import type { FoldPlan } from "../../../app/strategy/fold/fold_plan.ts";
import type { FoldedReply } from "../../../app/strategy/fold/fold_reply.ts";
import type { PlainRecordDict } from "../../../app/transferable.ts";
import type { Device } from "../../../ml/engine/device.ts";
import type { ClientAppCommand, ClientAppEvent } from "../../app/worker_protocol.ts";

/** The kind of app in a sandbox: a SuperNode's ClientApp, or a SuperLink's ServerApp. */
export type SandboxedKind = "ClientApp" | "ServerApp";

/** The first frame that an app's process receives. */
export interface SandboxStart {
  readonly kind: "start";
  readonly app: SandboxedKind;
  /** URL of the worker module that runs the app: one of the program's own. */
  readonly worker: string;
  /** Absolute paths of folders and files that the app may read. */
  readonly readable: readonly string[];
  /** Memory limit of the process in bytes. */
  readonly memoryBytes: number;
  /** Devices that the app's models may use. */
  readonly devices: readonly Device[];
  /** Whether to start a trainer before the first model requests one (default: no). */
  readonly prepareTrainer?: boolean;
  /** Most threads for virtual nodes that a ServerApp may have at once (default: none). */
  readonly maxNodeThreads?: number;
}

/** A later frame for an app's process: a command for the app, and the number of threads that may train now. */
export type WithThreads<Said> = Said & { readonly threads: number };

/** Request of the app's thread to its process: a trainer thread, reached through a port. */
export interface OpenTrainer {
  readonly kind: "open-trainer";
  readonly threads: number;
  readonly device: Device;
}

/** Request of a thread for virtual nodes to its process: load a trainer for a model that has just been created. */
export interface PrepareTrainer {
  readonly kind: "prepare-trainer";
}

/**
 * Request of a ServerApp's thread to its process: a thread that runs the ClientApp for virtual nodes, reached through
 * the first transferred port. The second gets a "crashed" event for what the thread cannot report itself. It has the
 * rights of the ServerApp's thread.
 */
export interface OpenNodeThread {
  readonly kind: "open-node-thread";
  /** A number of the caller's, for {@link EndNodeThread}. */
  readonly id: number;
}

/** What a thread for virtual nodes posts to its port. */
export type NodeThreadEvent =
  | ClientAppEvent & {
    /** What became of a reply that was added to the fold. Its message is then without arrays. */
    readonly folded?: FoldedReply;
  }
  /** The thread asks for memory that it shares with others. */
  | { readonly kind: "ask-memory"; readonly key: string; readonly bytes: number }
  /** The thread has written such memory, or could not. */
  | { readonly kind: "filled-memory"; readonly key: string; readonly isFilled: boolean }
  /** The app printed a text: whole lines, with their line breaks, unless it writes to stdout itself. */
  | { readonly kind: "printed"; readonly text: string };

/** The fold that a thread for virtual nodes adds its replies to, until another one begins. */
export interface ThreadFold {
  readonly plan: FoldPlan;
  /** The model that the nodes were sent, in shared memory. */
  readonly sent: PlainRecordDict;
  readonly memory: SharedArrayBuffer;
}

/** A command to a thread for virtual nodes. */
export type NodeThreadCommand =
  | ClientAppCommand & {
    /** Whether the reply is added to the fold. */
    readonly folds?: boolean;
    /** The fold from now on. */
    readonly fold?: ThreadFold;
  }
  /** The answer to an "ask-memory". */
  | { readonly kind: "memory"; readonly key: string; readonly given: GivenMemory };

/** Request of a ServerApp's thread: end one of its threads for virtual nodes, with any work in progress. */
export interface EndNodeThread {
  readonly kind: "end-node-thread";
  readonly id: number;
}

/** Command of the process to the app's thread and to trainers: the number of threads that each model may use. */
export interface AssignThreads {
  readonly kind: "assign-threads";
  readonly threads: number;
}

/** Command to the app's thread: train a small network before the app is loaded, because the first training is slower. */
export interface Rehearse {
  readonly kind: "rehearse";
}

/** A command to a trainer's thread. */
export type TrainerCommand = TrainerPrepare | TrainerStart | AssignThreads;

/** Command to a trainer's thread: load ONNX Runtime now, before a model needs it. */
export interface TrainerPrepare {
  readonly kind: "prepare";
}

/** Command to a trainer's thread: serve an engine at the port that is transferred with it. */
export interface TrainerStart {
  readonly kind: "start";
  readonly threads: number;
  readonly device: Device;
  /** Most threads that may compute, until the next {@link AssignThreads}. */
  readonly maxThreads: number;
  /** Most bytes of tensors that the engine keeps. */
  readonly memoryBytes: number;
}
