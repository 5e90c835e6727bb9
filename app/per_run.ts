import { drawingAgain } from "../base/current_random.ts";
import { checkOptionNames } from "../base/option_names.ts";
import type { Context } from "./context.ts";
import { type NodeId, type RunId, SUPERLINK_NODE_ID } from "../entities/metadata.ts";

/**
 * Maximum number of simulated nodes whose values one thread keeps. A value may own a thread and memory, as a model
 * does, so the values of the least recently used nodes are disposed of.
 */
const MAX_NODES = 8;

/** Options of {@link perRun}. */
export interface PerRunOptions {
  /**
   * Whether all nodes that one thread of a simulation runs share the value. Sharing saves much time if the value
   * contains nothing that belongs to one node, such as a model whose parameters every message sets (default false: each
   * node has its own value, as on a real machine).
   */
  readonly sharedByNodes?: boolean;
}

/**
 * Creates a value once per run, such as a model or the node's data set, and returns it for each message of that run.
 * The value lasts until a message of another run arrives or the app's process ends; then it is created again. It is
 * never written to disk: use `context.state` for data that must last for the whole run.
 *
 * ```ts
 * import { ClientApp, perRun } from "flwr";
 * import { createModel, loadData } from "./task.ts";
 *
 * const modelOf = perRun(createModel, { sharedByNodes: true });
 * const dataOf = perRun(loadData);
 *
 * export const app = new ClientApp().train((message, context) => {
 *   const model = modelOf(context);
 *   // …
 *   return {};
 * });
 * ```
 *
 * @param make creates the value from the context of the run's first message. If it throws or rejects, the next message
 * tries again. With `sharedByNodes`, it must not use what differs between nodes.
 * @returns a function that returns the value for a context. For a new run, it first disposes of the previous run's
 * values (`Symbol.dispose`, or else `Symbol.asyncDispose`). It does not wait for an asynchronous disposal, nor for a
 * promise of the value. In a simulation, the values of the nodes that were used last are kept.
 */
export function perRun<T>(
  make: (context: Context) => T,
  options: PerRunOptions = {},
): (context: Context) => T {
  checkOptionNames("perRun", options, { sharedByNodes: true });
  const { sharedByNodes = false } = options;
  let run: RunId | undefined;
  /** The values of the run, by node, the one that was used last at the end. */
  const values = new Map<NodeId, T>();
  const drop = (nodeId: NodeId, value: T) => {
    values.delete(nodeId);
    dispose(value);
  };
  return (context) => {
    const { runId } = context;
    const nodeId = sharedByNodes ? SUPERLINK_NODE_ID : context.nodeId;
    if (run !== runId) {
      for (const [node, value] of [...values]) drop(node, value);
      run = runId;
    }
    if (values.has(nodeId)) {
      const value = values.get(nodeId)!;
      values.delete(nodeId);
      values.set(nodeId, value);
      return value;
    }
    if (values.size >= MAX_NODES) {
      const [node, value] = values.entries().next().value!;
      drop(node, value);
    }
    const value = drawingAgain(sharedByNodes, () => make(context));
    values.set(nodeId, value);
    if (value instanceof Promise) {
      value.catch(() => {
        if (values.get(nodeId) === value) values.delete(nodeId);
      });
    }
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
