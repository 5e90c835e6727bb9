import type { Context } from "./context.ts";
import type { RunId } from "../entities/metadata.ts";

/** The value created for a run. */
interface Made<T> {
  readonly runId: RunId;
  readonly value: T;
}

/**
 * Creates a value once per run, such as a model or the node's data set, and returns it for each message of that run.
 * The value lasts until a message of another run arrives or the app's process ends; then it is created again. It is
 * never written to disk: use `context.state` for data that must last for the whole run.
 *
 * ```ts
 * import { ClientApp, perRun } from "flwr";
 * import { createModel } from "./task.ts";
 *
 * const modelOf = perRun(createModel);
 *
 * export const app = new ClientApp().train((message, context) => {
 *   const model = modelOf(context);
 *   // …
 *   return {};
 * });
 * ```
 *
 * @param make creates the value from the context of the run's first message. If it throws or rejects, the next message
 * tries again.
 * @returns a function that returns the value for a context. For a new run, it first disposes of the previous run's
 * value (`Symbol.dispose`, or else `Symbol.asyncDispose`). It does not wait for an asynchronous disposal, nor for a
 * promise of the value.
 */
export function perRun<T>(make: (context: Context) => T): (context: Context) => T {
  let made: Made<T> | undefined;
  const forget = (value: unknown) => {
    if (made?.value === value) made = undefined;
  };
  return (context) => {
    const { runId } = context;
    if (made?.runId === runId) return made.value;
    const before = made;
    made = undefined;
    if (before !== undefined) dispose(before.value);
    const value = make(context);
    made = { runId, value };
    if (value instanceof Promise) value.catch(() => forget(value));
    return value;
  };
}

/** Disposes of a value, or of the value of a promise. Its errors are the app's own and are ignored. */
function dispose(value: unknown): void {
  if (value instanceof Promise) return void value.then(dispose, () => {});
  if (typeof value !== "object" || value === null) return;
  const disposable = value as Partial<Disposable & AsyncDisposable>;
  try {
    if (disposable[Symbol.dispose] !== undefined) disposable[Symbol.dispose]!();
    else disposable[Symbol.asyncDispose]?.().then(undefined, () => {});
  } catch {
    // The next run starts anyway.
  }
}
