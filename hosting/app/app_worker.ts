/**
 * The worker in which a SuperNode runs its owner's ClientApp: the app stays loaded from one message to the next, and its
 * training never keeps the node's heartbeats waiting.
 */
// What an app imports as "flwr": loaded while nothing waits for it.
import "../../mod.ts";
import { startEngine } from "../../ml/session/start_engine.ts";
import { serveApp } from "./serve_app.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

const serve = serveApp(
  (said) => scope.postMessage(said),
  async ({ device }) => {
    if (device === undefined || device === "cpu") return;
    // What cannot be used shows at an engine's first answer. Here, ONNX Runtime would make zeros of the app's denormals.
    await using engine = await startEngine({ threads: 1, device });
    await engine.read([]);
  },
);

scope.onmessage = ({ data }) => serve(data);
