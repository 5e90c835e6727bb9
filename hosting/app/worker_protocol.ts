import type { PlainContext, PlainMessage, PlainRecordDict } from "../../app/transferable.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import type { AppModule } from "./app_module.ts";
import type { Failure } from "./failure.ts";

/** A command of a SuperNode to the worker that runs its ClientApp. */
export type ClientAppCommand =
  | { readonly kind: "load"; readonly module: AppModule; readonly compute: ComputeSettings }
  | {
    readonly kind: "handle";
    readonly message: PlainMessage;
    readonly context: PlainContext;
    /** Decides all random numbers that the app draws by default. Default: they come from the machine. */
    readonly seed?: number;
  }
  /** The answer to a "sign". */
  | { readonly kind: "signed"; readonly signature: Uint8Array };

/** An event that the worker posts: the response to a command, a request for a signature, or a crash at any time. */
export type ClientAppEvent =
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
    /** The error that the app threw. The message is then an error reply. */
    readonly failure?: Failure;
    /** Whether models of the app have trained in its sandbox. */
    readonly trained?: boolean;
  }
  /** The app asks for a signature with the node's key, while it handles a message: see `RegisteredKey.sign`. */
  | { readonly kind: "sign"; readonly digest: Uint8Array }
  /**
   * The app did something that would have ended its worker, so the worker is replaced. Without a failure the reason
   * contains nothing from the app.
   */
  | { readonly kind: "crashed"; readonly reason: string; readonly failure?: Failure };
