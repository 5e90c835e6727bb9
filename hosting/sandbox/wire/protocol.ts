import type { Device } from "../../../ml/engine/device.ts";

/** Which app a sandbox is for: a SuperNode's, or a SuperLink's. */
export type SandboxedKind = "ClientApp" | "ServerApp";

/** What an app's process is started with: the first frame. */
export interface SandboxStart {
  readonly kind: "start";
  readonly app: SandboxedKind;
  /** URL of the module that runs the app in its thread: one of the program's own. */
  readonly worker: string;
  /** Folders and files that the app may read: absolute paths. */
  readonly readable: readonly string[];
  /** Bytes that the process may take. */
  readonly memoryBytes: number;
  /** What the app's models may compute with. */
  readonly devices: readonly Device[];
  /** Whether a trainer is started before a model asks for one (default: no). */
  readonly prepareTrainer?: boolean;
}

/** What is said to an app's process after that: what is for the app, with the threads that may train now. */
export type ToProcess<Said> = Said & { readonly threads: number };

/** What the app's thread asks its process for beside what any app says: a trainer at the other end of a port. */
export interface OpenTrainer {
  readonly kind: "open-trainer";
  readonly threads: number;
  readonly device: Device;
}

/** What the process says to the app's thread beside what is said to any app. */
export interface AssignThreads {
  readonly kind: "assign-threads";
  readonly threads: number;
}

/** The app's thread is to train a network of its own before the app is loaded, for the first one takes longer. */
export interface Rehearse {
  readonly kind: "rehearse";
}

/** What a trainer's thread is told: how to start, with the port that comes along, and later how many threads it may use. */
export type ToTrainer = TrainerPrepare | TrainerStart | AssignThreads;

/** A trainer's thread is to load ONNX Runtime, before anything is to be trained. */
export interface TrainerPrepare {
  readonly kind: "prepare";
}

/** How a trainer's thread is to start. */
export interface TrainerStart {
  readonly kind: "start";
  readonly threads: number;
  readonly device: Device;
  /** Most threads that may compute, until it is told otherwise. */
  readonly maxThreads: number;
  /** Most bytes of tensors that it keeps. */
  readonly memoryBytes: number;
}
