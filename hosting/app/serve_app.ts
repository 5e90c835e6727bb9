import { type ClientApp, isClientApp } from "../../app/client_app.ts";
import {
  contextFromTransferable,
  fromTransferable,
  keyFromTransferable,
  recordDictToPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { errorReason } from "../../app/error_reason.ts";
import { drawingFrom } from "../../base/current_random.ts";
import { seededRandom } from "../../base/random.ts";
import { nodeDraws, runSeed } from "../../app/node_draws.ts";
import { FlwrError } from "../../base/error.ts";
import { type Compute, type ComputeSettings, requireDevice } from "../../ml/engine/compute.ts";
import type { AppModule } from "./app_module.ts";
import { importApp } from "./import_app.ts";
import { catchCrashes } from "./catch_crashes.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { ClientAppCommand, ClientAppEvent } from "./worker_protocol.ts";

/**
 * Lets this worker load a ClientApp and pass messages to it, one after the other. The app stays loaded between messages.
 *
 * @param post sends an event to the host
 * @param computeWith creates the compute of the app's models from the settings of the node's owner
 * @returns the handler of the host's commands
 */
export function serveApp(
  post: (event: ClientAppEvent) => void,
  computeWith: (settings: ComputeSettings) => Compute,
): (command: ClientAppCommand) => Promise<void> {
  let app: ClientApp | undefined;
  let compute: Compute | undefined;
  let folder = "";
  /** Those who wait for a signature, in the order in which they asked. */
  const signing: ((signature: Uint8Array) => void)[] = [];
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
      // The cause is the error that the module itself threw.
      post({ kind: "load-failed", message, hints, failure: failureOf(cause ?? error, folder) });
    }
  }

  function sign(digest: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    signing.push(resolve);
    post({ kind: "sign", digest });
    return promise;
  }

  return async (command) => {
    if (command.kind === "load") return await load(command.module, command.compute);
    if (command.kind === "signed") return signing.shift()?.(command.signature);
    const message = fromTransferable(command.message);
    const { registeredKey: key } = command.context;
    const registeredKey = key && keyFromTransferable(key, sign);
    const context = { ...contextFromTransferable(command.context), compute, registeredKey };
    let failure: Failure | undefined;
    const answer = () =>
      app!.handle(message, context, (thrown) => {
        failure = failureOf(thrown, folder);
        return errorReason(thrown);
      });
    const { seed } = command;
    const reply =
      await (seed === undefined
        ? answer()
        : drawingFrom(seededRandom(seed), answer, nodeDraws(runSeed(context), context.nodeId)));
    // Cloned, not transferred: the app may have kept references to the arrays of its reply.
    const plain = toTransferable(reply);
    const state = recordDictToPlain(context.state);
    post({ kind: "reply", message: plain, state, ...(failure && { failure }) });
  };
}

function describe(thrown: unknown): string {
  if (thrown instanceof FlwrError) return thrown.message;
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
