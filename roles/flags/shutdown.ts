/** Exit status after a second Ctrl-C: 128 + SIGINT, as in shells. */
const INTERRUPTED = 130;

/**
 * Milliseconds in which a second signal counts as the same Ctrl-C: a terminal signals the whole process group, and
 * `deno task` and `npx` forward the signal once more.
 */
const SAME_PRESS_MS = 1000;

/** The process' shutdown signal. Disposing of it removes the signal handlers. */
export interface Shutdown extends Disposable {
  /** Aborted at the first SIGINT or SIGTERM, with the signal's name as its reason. */
  readonly signal: AbortSignal;
  /** Called before a second signal ends the process, for what would outlive it. */
  onSecond?: () => void;
}

/**
 * Turns SIGINT and SIGTERM into an AbortSignal, so that a role can shut down cleanly. A second Ctrl-C ends the process
 * at once.
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
        shutdown.onSecond?.();
        Deno.exit(INTERRUPTED);
      }
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  const shutdown: Shutdown = {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
  return shutdown;
}

/**
 * Calls a function at each SIGHUP, with which services are asked to read their files again. At a terminal SIGHUP says that
 * the terminal was closed, and ends the process as ever. Disposing of the result removes the handler.
 */
export function onHangup(reload: () => void): Disposable {
  const isService = Deno.build.os !== "windows" &&
    ![Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
  if (isService) Deno.addSignalListener("SIGHUP", reload);
  return {
    [Symbol.dispose]() {
      if (isService) Deno.removeSignalListener("SIGHUP", reload);
    },
  };
}
