import { uncaughtFailure } from "./failure.ts";
import type { ClientAppCommand, ClientAppEvent } from "./worker_protocol.ts";

/** A running instance for one ClientApp: a worker of this process, or a sandbox. */
export interface AppInstance {
  send(command: ClientAppCommand): void;
  /** Ends the instance at once, with any work in progress. */
  end(): void;
}

/** Starts an instance for a ClientApp. `onEvent` receives its events. */
export type StartInstance = (onEvent: (event: ClientAppEvent) => void) => AppInstance;

/** Starts a worker of this process: for apps that have all rights of the node itself. */
export const startWorker: StartInstance = (onEvent) => {
  const worker = new Worker(new URL("./app_worker.ts", import.meta.url), {
    type: "module",
    name: "ClientApp",
  });
  worker.onmessage = ({ data }: MessageEvent<ClientAppEvent>) => onEvent(data);
  worker.onerror = (event) => {
    event.preventDefault();
    onEvent({ kind: "crashed", reason: event.message, failure: uncaughtFailure(event.message) });
  };
  return {
    send: (command) => worker.postMessage(command),
    end: () => worker.terminate(),
  };
};
