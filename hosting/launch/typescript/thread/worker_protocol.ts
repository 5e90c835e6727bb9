import type { PlainRecord } from "../../../../app/transferable.ts";
import type { PortAnswer, PortRequest } from "../../../../rpc/port/protocol.ts";
import type { AppModule } from "../../../app/app_module.ts";

/** A ServerApp to run. */
export interface WorkerJob {
  readonly module: AppModule;
  readonly runId: bigint;
  /** The run's settings. */
  readonly runConfig: PlainRecord;
}

/** What the SuperLink says to the worker that runs a ServerApp. */
export type ToWorker =
  | { readonly kind: "run"; readonly job: WorkerJob }
  /** The lines that were sent are stored: more may come. */
  | { readonly kind: "stored" }
  | PortAnswer;

/** What the worker says to the SuperLink. */
export type FromWorker =
  /** All modules but the app's are loaded. */
  | { readonly kind: "ready" }
  /** What the app wrote, each line with its end. */
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  /** The ServerApp returned. The details are empty, or say which nodes contributed to no round. */
  | { readonly kind: "completed"; readonly details: string }
  /** The ServerApp threw, could not be loaded, or did what would have ended its worker. */
  | { readonly kind: "failed"; readonly message: string; readonly hints: readonly string[] }
  /** The process ended, or took too much: nothing more comes. */
  | { readonly kind: "crashed"; readonly reason: string }
  | PortRequest
  /** A call that has more bytes than its method takes: they were not kept. */
  | { readonly kind: "large-call"; readonly id: number; readonly bytes: number };

/** What the worker posts: lines go as the bytes of their text. */
export type Posted =
  | Exclude<FromWorker, { readonly kind: "lines" | "large-call" }>
  | { readonly kind: "lines"; readonly text: Uint8Array };
