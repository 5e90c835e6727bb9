import { type ClientApp, isClientApp } from "../../app/client_app.ts";
import {
  contextFromTransferable,
  fromTransferable,
  recordDictToPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { errorReason } from "../../app/error_reason.ts";
import { FlwrError } from "../../base/error.ts";
import { type Compute, type ComputeSettings, requireDevice } from "../../ml/engine/compute.ts";
import { type AppModule, importApp } from "./app_module.ts";
import { catchCrashes } from "./catch_crashes.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/**
 * Makes this worker one that loads a ClientApp and has it handle messages, one after the other. The app stays loaded
 * from one message to the next.
 *
 * @param post says something to whoever started the worker
 * @param computeWith what the app's models compute with, from what the node's owner set
 * @returns what takes what is said to the worker
 */
export function serveApp(
  post: (said: FromWorker) => void,
  computeWith: (settings: ComputeSettings) => Compute,
): (said: ToWorker) => Promise<void> {
  let app: ClientApp | undefined;
  let compute: Compute | undefined;
  let folder = "";
  catchCrashes("ClientApp", (thrown) => {
    post({ kind: "crashed", reason: describe(thrown), failure: failureOf(thrown, folder) });
  });

  async function load(module: AppModule, settings: ComputeSettings): Promise<void> {
    folder = module.folder;
    try {
      compute = computeWith(settings);
      await requireDevice(compute);
      app = await importApp(module, isClientApp, "ClientApp", compute);
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
    const context = { ...contextFromTransferable(said.context), compute };
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
