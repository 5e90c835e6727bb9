import { uncaught } from "./failure.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/** The place where a ClientApp is loaded: a worker of this process, or a sandbox. */
export interface AppLink {
  send(said: ToWorker): void;
  /** Ends the place with all that happens there, at once. */
  end(): void;
}

/** Opens a place for a ClientApp; `hear` gets all that comes from there. */
export type OpenAppLink = (hear: (said: FromWorker) => void) => AppLink;

/** A worker of this process: for apps that may do all that the node itself may. */
export const openWorker: OpenAppLink = (hear) => {
  const worker = new Worker(new URL("./app_worker.ts", import.meta.url), {
    type: "module",
    name: "ClientApp",
  });
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => hear(data);
  worker.onerror = (event) => {
    event.preventDefault();
    hear({ kind: "crashed", reason: event.message, failure: uncaught(event.message) });
  };
  return {
    send: (said) => worker.postMessage(said),
    end: () => worker.terminate(),
  };
};
