import type { PlainContext, PlainMessage, PlainRecordDict } from "../../app/transferable.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import type { AppModule } from "./app_module.ts";
import type { Failure } from "./failure.ts";

/** What a SuperNode says to the worker that runs its ClientApp. */
export type ToWorker =
  | { readonly kind: "load"; readonly module: AppModule; readonly compute: ComputeSettings }
  | { readonly kind: "handle"; readonly message: PlainMessage; readonly context: PlainContext };

/** What the worker says back. */
export type FromWorker =
  | { readonly kind: "loaded" }
  | {
    readonly kind: "load-failed";
    readonly message: string;
    readonly hints: readonly string[];
    readonly failure: Failure;
  }
  | {
    readonly kind: "reply";
    readonly message: PlainMessage;
    readonly state: PlainRecordDict;
    /** What the app threw: the message is an error then. */
    readonly failure?: Failure;
    /** Whether models of the app have trained in its sandbox. */
    readonly trained?: boolean;
  }
  /**
   * The app did something that would have ended its worker: it is started anew. Without a failure the reason holds
   * nothing of the app.
   */
  | { readonly kind: "crashed"; readonly reason: string; readonly failure?: Failure };
