/**
 * A thread of a sandbox that trains a model of the app. It may load ONNX Runtime, and only serves the requests that the
 * app's thread may send over the port.
 */
import { requireSelfContained } from "../../../ml/onnx/self_contained.ts";
import { requireRuntime } from "../../../ml/session/probe.ts";
import { LocalEngine } from "../../../ml/session/local_engine.ts";
import { flushDenormals } from "../../../ml/session/flush_denormals.ts";
import { serveEngine } from "../../../ml/engine/serve_engine.ts";
import type { TrainerCommand } from "../wire/protocol.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<TrainerCommand>) => void) | null;
  postMessage(message: "ended"): void;
};

/** Handles the commands of the sandbox's process. */
function listen(): void {
  let maxThreads = 1;
  scope.onmessage = ({ data, ports }) => {
    if (data.kind === "assign-threads") {
      maxThreads = data.threads;
      return;
    }
    if (data.kind === "prepare") {
      // An error here occurs again, and is reported, when a model needs the runtime.
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
