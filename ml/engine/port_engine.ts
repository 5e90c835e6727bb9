import { FlwrError } from "../../base/error.ts";
import { type FromTrainer, type Request, restoreError } from "./protocol.ts";
import { RemoteEngine } from "./remote_engine.ts";

/**
 * The engine at the other end of a port: for threads that may not load ONNX Runtime themselves. Another one, which may,
 * answers there with `serveEngine`.
 */
export class PortEngine extends RemoteEngine {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
      if ("refused" in data) this.fail(restoreError(data.refused));
      else this.settle(data);
    };
    port.onmessageerror = () => {
      this.fail(new FlwrError("internal", "An answer of the training thread cannot be read"));
    };
  }

  protected override post(request: Request, handed: ArrayBuffer[]): void {
    this.#port.postMessage(request, handed);
  }

  protected override end(): void {
    this.#port.close();
  }

  protected override setBusy(): void {}
}
