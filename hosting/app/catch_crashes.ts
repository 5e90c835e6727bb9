import { asShareable } from "../../app/shareable.ts";
import { FlwrError } from "../../base/error.ts";

/** The parts of a worker's global scope through which an app could end it. */
interface WorkerScope {
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(
    type: "unhandledrejection",
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
  close(): void;
}

/**
 * Reports everything that would end this worker without notice to its host: an uncaught error, an unhandled rejection,
 * `Deno.exit` or `close`.
 *
 * @param app what the worker runs, for messages: "ClientApp"
 * @param crash called with the value that was thrown
 */
export function catchCrashes(app: string, crash: (thrown: unknown) => void): void {
  const scope = self as unknown as WorkerScope;
  const ownExit = (what: string) =>
    crash(asShareable(new FlwrError("failed-precondition", `The ${app} ${what}`)));
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    crash(event.error);
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crash(event.reason);
  });
  Deno.exit = (code = 0): never => {
    ownExit(`called Deno.exit(${code})`);
    throw new Error(`A ${app} must not end its process`);
  };
  // Deno ends a worker that closes itself without an event.
  scope.close = () => ownExit("closed its worker");
}
