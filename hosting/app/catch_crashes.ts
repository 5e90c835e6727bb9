import { asShareable } from "../../app/shareable.ts";
import { FlwrError } from "../../base/error.ts";

/** A worker as far as an app could end it. */
interface WorkerScope {
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(
    type: "unhandledrejection",
    listener: (event: PromiseRejectionEvent) => void,
  ): void;
  close(): void;
}

/**
 * Tells of whatever would end this worker without a word to its host: an error that nobody caught, or the app's own wish.
 *
 * @param app what runs in it: "ClientApp"
 * @param crash told what was thrown
 */
export function catchCrashes(app: string, crash: (thrown: unknown) => void): void {
  const scope = self as unknown as WorkerScope;
  const wished = (what: string) =>
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
    wished(`called Deno.exit(${code})`);
    throw new Error(`A ${app} must not end its process`);
  };
  // A worker that closes itself would end without a word.
  scope.close = () => wished("closed its worker");
}
