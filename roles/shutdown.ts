/** Exit status of a process that a second Ctrl-C cut short: 128 + SIGINT, as shells count. */
const INTERRUPTED = 130;

/** A running process' wish to stop, and the way to forget it. */
export interface Shutdown extends Disposable {
  /** Aborted at the first SIGINT or SIGTERM, with the signal's name as its reason. */
  readonly signal: AbortSignal;
}

/**
 * Turns SIGINT and SIGTERM into an AbortSignal, so that a role can end in order. A second signal ends the process
 * at once: an impatient user is right.
 */
export function onShutdown(): Shutdown {
  const controller = new AbortController();
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const listeners = names.map((name) => {
    const listener = () => {
      if (controller.signal.aborted) Deno.exit(INTERRUPTED);
      controller.abort(name);
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
}
