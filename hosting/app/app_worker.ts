/**
 * The worker in which a SuperNode runs its owner's ClientApp. The app stays loaded between messages, and its training
 * never delays the node's heartbeats.
 */
// The module that apps import as "flwr": loaded early, while nothing waits for it.
import "../../mod.ts";
import { machineCompute } from "../../ml/session/machine_compute.ts";
import { serveApp } from "./serve_app.ts";
import type { ClientAppCommand, ClientAppEvent } from "./worker_protocol.ts";

const scope = self as unknown as {
  postMessage(message: ClientAppEvent): void;
  onmessage: ((event: MessageEvent<ClientAppCommand>) => void) | null;
};

const serve = serveApp((event) => scope.postMessage(event), machineCompute);

scope.onmessage = ({ data }) => serve(data);
