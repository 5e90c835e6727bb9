/**
 * The thread of a sandbox in which the app's code runs, without permissions but for reading what it may read. What an
 * app imports as "flwr" is loaded before, for these files themselves may not be read.
 */
import "../../../mod.ts";
import { rehearse } from "../../../ml/train/rehearse.ts";
import { serveApp } from "../../app/serve_app.ts";
import type { FromWorker } from "../../app/worker_protocol.ts";
import {
  type ArrivedRecords,
  type PackedToWorker,
  unpackToWorker,
} from "../wire/packed_messages.ts";
import type { AssignThreads, OpenTrainer, Rehearse } from "../wire/protocol.ts";
import { SandboxCompute } from "./sandbox_compute.ts";

type ToApp = PackedToWorker<ArrivedRecords> | AssignThreads | Rehearse;

const scope = self as unknown as {
  postMessage(message: FromWorker | OpenTrainer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToApp>) => void) | null;
};

// Taken before the app is loaded: it may replace the global one, and then has only itself to listen to.
const post = scope.postMessage.bind(scope);

const sandbox = new SandboxCompute(post);
const serve = serveApp((said) => post(said), (settings) => sandbox.compute(settings));

scope.onmessage = ({ data }) => {
  if (data.kind === "assign-threads") sandbox.assignThreads(data.threads);
  // What fails here fails again, and is told, when the app trains.
  else if (data.kind === "rehearse") return void rehearse().catch(() => {});
  else return serve(unpackToWorker(data));
};
