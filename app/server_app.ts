import { FlwrError } from "../base/error.ts";
import { describeType, isKind, KIND } from "./brand.ts";
import { inContext, type ServerContext } from "./context.ts";
import type { Grid } from "./grid.ts";

/**
 * A ServerApp's main function. The run succeeds when it returns or its promise resolves, and fails when it throws or
 * its promise rejects. The value of the promise is ignored.
 */
export type ServerMain = (grid: Grid, context: ServerContext) => void | Promise<unknown>;

/** Whether a value is a ServerApp, possibly of another copy of the module. */
export function isServerApp(value: unknown): value is ServerApp {
  return isKind(value, "ServerApp");
}

/**
 * The program that controls a run.
 *
 * @example
 * ```ts
 * export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
 *   const strategy = new FedAvg({ fractionEvaluate: 0 });
 *   const numRounds = runConfig.number("num-rounds", 3);
 *   const { arrays } = await strategy.start(grid, { numRounds });
 *   await artifacts.save("model.npz", arrays);
 * });
 * ```
 */
export class ServerApp {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "ServerApp";
  #main: ServerMain | undefined;

  /** Sets the main function. @throws FlwrError "already-exists" the second time */
  main(main: ServerMain): this {
    if (typeof main !== "function") {
      throw new FlwrError(
        "invalid-argument",
        `ServerApp's main must be a function: got ${describeType(main)}`,
      );
    }
    if (this.#main !== undefined) {
      throw new FlwrError("already-exists", "ServerApp already has a main");
    }
    this.#main = main;
    return this;
  }

  /**
   * Runs the main function. Rejects with the error that it throws. @throws FlwrError "failed-precondition" without one
   */
  async run(grid: Grid, context: ServerContext): Promise<void> {
    if (this.#main === undefined) {
      throw new FlwrError("failed-precondition", "ServerApp has no main", {
        hints: ["Add one: new ServerApp().main(async (grid, context) => { … })"],
      });
    }
    const main = this.#main;
    await inContext(context, () => main(grid, context));
  }
}
