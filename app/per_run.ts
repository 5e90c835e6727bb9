import type { Context } from "./context.ts";
import type { RunId } from "../entities/metadata.ts";

/** What was made for a run. */
interface Made<T> {
  readonly runId: RunId;
  readonly value: T;
}

/**
 * Makes something once for each run, such as a model or the node's data set, and gives it to every message of that run.
 * It lasts until another run's message comes, or the app's process ends; then it is made anew. It is never written to a
 * disk: what must last for the whole run belongs in `context.state`.
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
 * @param make makes it, from the context of the run's first message. What it throws, or rejects with, is not kept: the
 *   next message tries again
 * @returns what gives it for a context. For another run than before, it first disposes of what it made for that one
 *   (`Symbol.dispose`, or else `Symbol.asyncDispose`, whose end it does not wait for; nor does it wait for a promise)
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

/** Disposes of a value, or of what a promise brings; faults of it are the app's own and end nothing. */
function dispose(value: unknown): void {
  if (value instanceof Promise) return void value.then(dispose, () => {});
  if (typeof value !== "object" || value === null) return;
  const disposable = value as Partial<Disposable & AsyncDisposable>;
  try {
    if (disposable[Symbol.dispose] !== undefined) disposable[Symbol.dispose]!();
    else disposable[Symbol.asyncDispose]?.().then(undefined, () => {});
  } catch {
    // The next run begins all the same.
  }
}
