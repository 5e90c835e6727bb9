/**
 * The thread of a sandbox in which the code of a ClientApp runs. Its only permission is to read the granted paths. The
 * module that apps import as "flwr" is loaded before, because the app may not read flwr's own files.
 */
import "../../../mod.ts";
import { rehearse } from "../../../ml/train/rehearse.ts";
import { serveApp } from "../../app/serve_app.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import { type ArrivedRecords, type PackedCommand, unpackCommand } from "../wire/packed_messages.ts";
import type { AssignThreads, OpenTrainer, Rehearse } from "../wire/protocol.ts";
import { SandboxCompute } from "../wire/sandbox_compute.ts";

type AppCommand = PackedCommand<ArrivedRecords> | AssignThreads | Rehearse;

const scope = self as unknown as {
  postMessage(message: ClientAppEvent | OpenTrainer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<AppCommand>) => void) | null;
};

// Bound before the app is loaded, because the app may replace the global function.
const post = scope.postMessage.bind(scope);

const sandbox = new SandboxCompute(post);
const serve = serveApp((event) => post(event), (settings) => sandbox.compute(settings));

scope.onmessage = ({ data }) => {
  if (data.kind === "assign-threads") sandbox.assignThreads(data.threads);
  // An error here occurs again, and is reported, when the app trains.
  else if (data.kind === "rehearse") return void rehearse().catch(() => {});
  else return serve(unpackCommand(data));
};
