import { FlwrError } from "../../base/error.ts";
import { type EngineRequest, fromErrorReport, type TrainerMessage } from "./protocol.ts";
import { RemoteEngine } from "./remote_engine.ts";

/**
 * An engine at the other end of a port, for threads that may not load ONNX Runtime themselves. A thread that may load
 * it answers with `serveEngine`.
 */
export class PortEngine extends RemoteEngine {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<TrainerMessage>) => {
      if ("refused" in data) this.fail(fromErrorReport(data.refused));
      else this.settleCall(data);
    };
    port.onmessageerror = () => {
      this.fail(new FlwrError("internal", "Malformed answer from the training thread"));
    };
  }

  protected override post(request: EngineRequest, handed: ArrayBuffer[]): void {
    this.#port.postMessage(request, handed);
  }

  protected override end(): void {
    this.#port.close();
  }

  protected override setBusy(): void {}
}
