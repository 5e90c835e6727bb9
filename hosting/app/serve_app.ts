import { type ClientApp, isClientApp } from "../../app/client_app.ts";
import {
  contextFromTransferable,
  fromTransferable,
  recordDictToPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { errorReason } from "../../app/error_reason.ts";
import { FlwrError } from "../../base/error.ts";
import { type ComputeDefaults, setComputeDefaults } from "../../ml/session/compute_defaults.ts";
import { type AppModule, importApp } from "./app_module.ts";
import { catchCrashes } from "./catch_crashes.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/**
 * Makes this worker one that loads a ClientApp and has it handle messages, one after the other. The app stays loaded
 * from one message to the next.
 *
 * @param post says something to whoever started the worker
 * @param prepare what is to be done before the app is loaded; what it throws is why the app is not
 * @returns what takes what is said to the worker
 */
export function serveApp(
  post: (said: FromWorker) => void,
  prepare: (compute: ComputeDefaults) => Promise<void>,
): (said: ToWorker) => Promise<void> {
  let app: ClientApp | undefined;
  let folder = "";
  catchCrashes("ClientApp", (thrown) => {
    post({ kind: "crashed", reason: describe(thrown), failure: failureOf(thrown, folder) });
  });

  async function load(module: AppModule, compute: ComputeDefaults): Promise<void> {
    folder = module.folder;
    try {
      await prepare(compute);
      // Before the app is loaded: it may make its model at once.
      setComputeDefaults(compute);
      app = await importApp(module, isClientApp, "ClientApp");
      post({ kind: "loaded" });
    } catch (error) {
      const { message, hints, cause } = FlwrError.from(error);
      // What the module itself threw, not what is said of it.
      post({ kind: "load-failed", message, hints, failure: failureOf(cause ?? error, folder) });
    }
  }

  return async (said) => {
    if (said.kind === "load") return await load(said.module, said.compute);
    const message = fromTransferable(said.message);
    const context = contextFromTransferable(said.context);
    let failure: Failure | undefined;
    const reply = await app!.handle(message, context, (thrown) => {
      failure = failureOf(thrown, folder);
      return errorReason(thrown);
    });
    // Cloned, not transferred: the app may have kept the arrays it replied with.
    const plain = toTransferable(reply);
    const state = recordDictToPlain(context.state);
    post({ kind: "reply", message: plain, state, ...(failure && { failure }) });
  };
}

/** What was thrown, in words. */
function describe(thrown: unknown): string {
  if (thrown instanceof FlwrError) return thrown.message;
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
