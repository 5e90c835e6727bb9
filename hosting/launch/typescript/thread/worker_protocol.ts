import type { PlainRecord } from "../../../../app/transferable.ts";
import type { PortRequest, PortResponse } from "../../../../rpc/port/protocol.ts";
import type { AppModule } from "../../../app/app_module.ts";
import type { SimulationJob } from "../../../simulation/simulated_nodes.ts";

/** The job of a worker: a ServerApp to run. */
export interface WorkerJob {
  readonly module: AppModule;
  readonly runId: bigint;
  /** The run's settings. */
  readonly runConfig: PlainRecord;
  /** How its nodes are simulated. Undefined: the nodes are the SuperLink's. */
  readonly simulation?: SimulationJob;
}

/** A command of the SuperLink to the worker that runs a ServerApp. */
export type ServerAppCommand =
  | { readonly kind: "run"; readonly job: WorkerJob }
  /** The last batch of lines is stored: the next may be sent. */
  | { readonly kind: "stored" }
  | PortResponse;

/** An event of the worker, as the SuperLink sees it after checking. */
export type ServerAppEvent =
  /** All modules but the app's are loaded. */
  | { readonly kind: "ready" }
  /** Lines of the app's log, each with its line break. */
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  /** The ServerApp returned. The details are empty, or name the nodes that contributed to no round. */
  | { readonly kind: "completed"; readonly details: string }
  /** The ServerApp threw, could not be loaded, or tried to end its worker. */
  | { readonly kind: "failed"; readonly message: string; readonly hints: readonly string[] }
  /** The process ended or exceeded a limit. No event follows. */
  | { readonly kind: "crashed"; readonly reason: string }
  | PortRequest
  /** A call whose body exceeds the limit of its method. The body was discarded. */
  | { readonly kind: "large-call"; readonly id: number; readonly bytes: number };

/** An event as the worker posts it: lines are the bytes of their text. */
export type PostedEvent =
  | Exclude<ServerAppEvent, { readonly kind: "lines" | "large-call" }>
  | { readonly kind: "lines"; readonly text: Uint8Array };
