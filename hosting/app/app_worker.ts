/**
 * The worker in which a SuperNode runs its owner's ClientApp: the app stays loaded from one message to the next, and its
 * training never keeps the node's heartbeats waiting.
 */
// What an app imports as "flwr": loaded while nothing waits for it.
import "../../mod.ts";
import { machineCompute } from "../../ml/session/machine_compute.ts";
import { serveApp } from "./serve_app.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

const serve = serveApp((said) => scope.postMessage(said), machineCompute);

scope.onmessage = ({ data }) => serve(data);
