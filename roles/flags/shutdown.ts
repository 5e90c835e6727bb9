/** Exit status of a process that a second Ctrl-C cut short: 128 + SIGINT, as shells count. */
const INTERRUPTED = 130;

/**
 * Milliseconds within which a second signal is the same Ctrl-C: a terminal signals the whole process group, and
 * `deno task` and `npx` pass the signal on once more.
 */
const SAME_PRESS_MS = 1000;

/** A running process' wish to stop, and the way to forget it. */
export interface Shutdown extends Disposable {
  /** Aborted at the first SIGINT or SIGTERM, with the signal's name as its reason. */
  readonly signal: AbortSignal;
}

/**
 * Turns SIGINT and SIGTERM into an AbortSignal, so that a role can end in order. A second Ctrl-C ends the process at
 * once: an impatient user is right.
 */
export function onShutdown(): Shutdown {
  const controller = new AbortController();
  let firstAt = 0;
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  const listeners = names.map((name) => {
    const listener = () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now();
        controller.abort(name);
      } else if (performance.now() - firstAt > SAME_PRESS_MS) {
        Deno.exit(INTERRUPTED);
      }
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
