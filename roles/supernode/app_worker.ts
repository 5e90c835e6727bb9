/**
 * The worker in which a SuperNode runs its ClientApp: the app stays loaded from one message to the next, and its
 * training never keeps the node's heartbeats waiting.
 */
import { type ClientApp, isClientApp } from "../../app/client_app.ts";
import {
  contextFromTransferable,
  fromTransferable,
  recordDictToPlain,
  toTransferable,
} from "../../app/transferable.ts";
import { FlwrError } from "../../base/error.ts";
import { type ComputeDefaults, setComputeDefaults } from "../../ml/session/compute_defaults.ts";
import { requireDevice } from "../../ml/session/device.ts";
import { type AppModule, importApp } from "../app_module.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(
    type: "unhandledrejection",
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
  close(): void;
};

let app: ClientApp | undefined;

scope.onmessage = async ({ data }) => {
  if (data.kind === "load") return await load(data.module, data.compute);
  const message = fromTransferable(data.message);
  const context = contextFromTransferable(data.context);
  const reply = await app!.handle(message, context);
  // Cloned, not transferred: the app may have kept the arrays it replied with.
  const { plain } = toTransferable(reply);
  scope.postMessage({ kind: "reply", message: plain, state: recordDictToPlain(context.state) });
};

async function load(module: AppModule, compute: ComputeDefaults): Promise<void> {
  try {
    if (compute.device !== undefined) await requireDevice(compute.device);
    // Before the app is loaded: it may make its model at once.
    setComputeDefaults(compute);
    app = await importApp(module, isClientApp, "ClientApp");
    scope.postMessage({ kind: "loaded" });
  } catch (error) {
    const { message, hints } = FlwrError.from(error);
    scope.postMessage({ kind: "load-failed", message, hints });
  }
}

function crash(reason: unknown): void {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  scope.postMessage({ kind: "crashed", reason: text });
}

// A worker that closes itself ends without a word to its host: whoever asks for it is told apart from a reply.
scope.addEventListener("error", (event) => {
  event.preventDefault();
  crash(event.error);
});
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crash(event.reason);
});
Deno.exit = (code = 0): never => {
  crash(`the ClientApp called Deno.exit(${code})`);
  throw new Error("A ClientApp must not end the process");
};
scope.close = () => crash("the ClientApp closed its worker");
