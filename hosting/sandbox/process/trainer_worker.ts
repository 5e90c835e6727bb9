/**
 * A thread of a sandbox that trains for the app: it may load ONNX Runtime, and does nothing but what the app's thread may
 * ask for over the port.
 */
import { requireSelfContained } from "../../../ml/onnx/self_contained.ts";
import { requireRuntime } from "../../../ml/session/probe.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { flushDenormals } from "../../../ml/session/flush_denormals.ts";
import { serveEngine } from "../../../ml/engine/serve_engine.ts";
import type { ToTrainer } from "../wire/protocol.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<ToTrainer>) => void) | null;
  postMessage(message: "ended"): void;
};

/** Takes what the sandbox says to this thread. */
function listen(): void {
  let maxThreads = 1;
  scope.onmessage = ({ data, ports }) => {
    if (data.kind === "assign-threads") {
      maxThreads = data.threads;
      return;
    }
    if (data.kind === "prepare") {
      // What fails here is told when a model asks for it.
      requireRuntime().catch(() => {});
      return;
    }
    maxThreads = data.maxThreads;
    const { threads, device, memoryBytes } = data;
    serveEngine(
      ports[0]!,
      LocalEngine.create(Math.min(threads, maxThreads), device),
      { admit: requireSelfContained, threads: () => maxThreads, memoryBytes },
      () => scope.postMessage("ended"),
    );
  };
}

flushDenormals();
listen();
